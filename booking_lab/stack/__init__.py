"""The embedded servers, the service's processes, and their life and death."""

from booking_lab.stack.errors import StackError
from booking_lab.stack.running_lab import RunningLab, embedded, running

__all__ = ["RunningLab", "StackError", "embedded", "running"]
