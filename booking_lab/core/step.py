"""The kinds of steps of a booking, and the names of some steps."""

from __future__ import annotations

from enum import StrEnum


class StepKind(StrEnum):
    """The kind of a step. One announced step is one message to a server.

    >>> StepKind("read") is StepKind.READ
    True
    """

    ACQUIRE = "acquire"
    WAIT = "wait"
    READ = "read"
    DECIDE = "decide"
    WRITE = "write"
    COMMIT = "commit"
    RELEASE = "release"


class StepName(StrEnum):
    """Names of the steps that observers or the explorer treat in a special way.

    The value is the text that readers see, unless a lock or a counter has a text of its own. Other
    steps have a text and no name, even if their text is equal to a name: code never decides by a
    text.
    """

    ROW_LOCK = "row lock"
    LEASE = "lease"
    RESERVATION = "reservation"
    BACK_OFF = "back-off"
    FENCE = "fence"
    BOOKING = "booking"
    BOOKING_IF_FREE = "booking, if free"
    GUARDED_BOOKING = "guarded booking"
    BOOKINGS = "bookings"
    ROLLBACK = "rollback"
