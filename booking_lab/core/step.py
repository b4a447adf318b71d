"""The kinds of steps that a booking is made of, and the names of some."""

from __future__ import annotations

from enum import StrEnum


class StepKind(StrEnum):
    """What a step is; one announced step is one statement on the wire.

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
    """The steps of an attempt that observers or the explorer tell from others of their kind.

    The value is the text that readers see, unless a lock or a counter has one of its own. Any other
    step has a text alone, also if it is the same one: a text decides nothing.
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
