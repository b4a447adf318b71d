"""A wait reaches its time limit while the other booker is still at work."""

from __future__ import annotations

from booking_lab.conformance import faults
from booking_lab.conformance.exploring import Explore
from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload


def test_keeps_its_word_when_a_wait_ends(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """After the time limit, a booker must not book without the lock that it waited for."""
    faults.check_promise_under_fault(subject, workload, "impatience", explored)
