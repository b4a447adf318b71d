"""Starts and supervises the embedded servers and the processes of the service."""

from booking_lab.stack.errors import StackError
from booking_lab.stack.running_lab import RunningLab, embedded, running

__all__ = ["RunningLab", "StackError", "embedded", "running"]
