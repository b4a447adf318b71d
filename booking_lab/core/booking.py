"""One booking from request to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from booking_lab.core.lease import Lease
from booking_lab.core.step import StepKind
from booking_lab.core.strategy import Strategy
from booking_lab.core.workload import Request, Workload


class Outcome(StrEnum):
    """How a booking ended."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    CONFLICT = "conflict"
    TIMEOUT = "timeout"
    UNKNOWN = "unknown"
    ERROR = "error"


@dataclass(slots=True)
class Timing:
    """What the stopwatch saw so far, in seconds.

    ``waited`` is time in lock acquisition and back-off, ``held`` the time from the first lock to
    the end of the last, ``total`` the whole booking (none while it is under way), ``contended``
    how often somebody was in the way, ``holding`` whether a lock is held right now, ``lost_leases``
    how many locks were gone when they were to be given back, ``steps`` each step and how long it
    took, ``batches`` how many bookings it wrote at once, for each time that it was the writer.
    """

    waited: float = 0.0
    held: float = 0.0
    total: float | None = None
    contended: int = 0
    holding: bool = False
    lost_leases: int = 0
    steps: list[tuple[StepKind, float]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Booking:
    """One booking: what is asked, under which strategy, and what became of it.

    Attributes:
        workload: what is booked.
        request: what the customer asks for.
        strategy: how it is kept safe.
        options: the strategy's options as the API takes them.
        epoch: the count of switches when the booking began.
        think_time: seconds between decide and write, the race window.
        worker: which process books, as ``instance/pid``.
        trace_id: the W3C trace id, 32 hex digits.
        tries: how many tries were begun.
        leases: the locks outside PostgreSQL that it holds right now.
        outcome: how it ended; none while it is under way.
        code: a stable word for the outcome's reason.
        message: the reason for a reader.
        booking_id: the id of the confirmed booking's row.
    """

    workload: Workload
    request: Request
    strategy: Strategy
    options: dict[str, Any]
    epoch: int
    think_time: float
    worker: str
    trace_id: str
    tries: int = 0
    leases: list[Lease] = field(default_factory=list)
    outcome: Outcome | None = None
    code: str = ""
    message: str = ""
    booking_id: int | None = None
    timing: Timing = field(default_factory=Timing)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def begin_again(self, anew: Booking) -> None:
        """Be under way as ``anew`` is: the same booking, begun after a switch or a reset."""
        self.request, self.strategy, self.options = anew.request, anew.strategy, anew.options
        self.epoch, self.think_time = anew.epoch, anew.think_time
