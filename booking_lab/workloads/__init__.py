"""What can be booked. Each workload stands in a module of its own, its schema beside it."""

from booking_lab.workloads.base import LabWorkload
from booking_lab.workloads.seats import Seats

WORKLOADS: tuple[LabWorkload, ...] = (Seats(),)
