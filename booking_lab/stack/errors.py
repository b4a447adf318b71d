"""Errors of starting and stopping a lab."""

from __future__ import annotations

from booking_lab.errors import BookingLabError


class StackError(BookingLabError):
    """The lab could not be started."""

    code = "stack"


class AlreadyRunning(StackError):
    """A lab is running on this data folder already."""

    code = "already_running"
