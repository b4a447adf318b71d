"""A booking from its request to its answer: its state, its outcome and its timing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

from booking_lab.core.capability import Capability
from booking_lab.core.lease import Lease
from booking_lab.core.retry import Retry
from booking_lab.core.step import StepKind
from booking_lab.core.workload import Bookable, Request
from booking_lab.errors import BookingLabError, Outcome, PluginFault, lab_kind, safe_text

__all__ = ["Booking", "ChosenStrategy", "Outcome", "Timing"]


@dataclass(slots=True)
class Timing:
    """The times and counts of a booking so far; times in seconds.

    Attributes:
        waited: the time spent on acquiring locks and on back-off.
        held: the time from the first lock to the end of the last one.
        total: the time of the whole booking; none while it is under way.
        contentions: how many times another booking was in the way.
        is_holding: whether a lock is held right now.
        lost_leases: how many locks had ended before they were released.
        steps: the kind of each step, and its time.
        batches: the number of bookings in each batch that this booking was the writer of.
    """

    waited: float = 0.0
    held: float = 0.0
    total: float | None = None
    contentions: int = 0
    is_holding: bool = False
    lost_leases: int = 0
    steps: list[tuple[StepKind, float]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)


class ChosenStrategy(Protocol):
    """The part of a strategy's interface that a booking needs.

    ``core.strategy`` has the whole interface. It depends on ``core.attempt``, which depends on this
    module.
    """

    name: ClassVar[str]
    needs: ClassVar[frozenset[Capability]]

    @property
    def retry(self) -> Retry:
        """The rule for further tries."""
        ...

    def book(self, attempt: Any) -> None:
        """Book once, by the primitives of an ``Attempt``."""
        ...


@dataclass(slots=True)
class Booking:
    """One booking: the request, the strategy and the result.

    Attributes:
        workload: the workload that the request belongs to.
        request: the customer's request.
        strategy: the strategy that it is booked under.
        options: the strategy's options, in the form that the API takes.
        epoch: the count of switches when the booking began.
        think_time: the race window: seconds between decide and write.
        worker: the process that books, as ``instance/pid``.
        trace_id: the W3C trace id, 32 hex digits.
        tries: how many tries have begun.
        leases: the locks outside PostgreSQL that it holds right now.
        outcome: the result; none while the booking is under way.
        error: the lab's class of the error that has ended it; none if there was no error.
        code: a stable word for the reason of the outcome.
        message: the result for a reader: the confirmation, or the reason against it.
        note: an addition to the confirmation; mostly empty.
        booking_id: the id of the confirmed booking's row.
        scope: the workload's name of the part that one reset clears.
        subject: the workload's short name of the thing that is contended for.

    Raises:
        PluginFault: the workload can't name the scope or the subject.
    """

    workload: Bookable
    request: Request
    strategy: ChosenStrategy
    options: dict[str, Any]
    epoch: int
    think_time: float
    worker: str
    trace_id: str
    tries: int = 0
    leases: list[Lease] = field(default_factory=list)
    outcome: Outcome | None = None
    error: type[BookingLabError] | None = None
    code: str = ""
    message: str = ""
    note: str = ""
    booking_id: int | None = None
    timing: Timing = field(default_factory=Timing)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    scope: str = field(init=False)
    subject: str = field(init=False)

    def __post_init__(self) -> None:
        self.set_request(self.request)

    def set_request(self, request: Request) -> None:
        """Set ``request``, with its scope and subject.

        The workload may be a plug-in, and fail. So it is asked for both names here, and not after
        the commit, when a failure would come too late.

        Raises:
            PluginFault: the workload can't name the scope or the subject.
        """
        self.scope = _ask_workload(self.workload, self.workload.scope, request)
        self.subject = _ask_workload(self.workload, self.workload.subject, request)
        self.request = request

    def confirm(self) -> None:
        """Set the outcome to confirmed."""
        self.outcome, self.message = Outcome.CONFIRMED, self.confirmation_text("confirmed")

    def fail(self, error: BookingLabError, message: str = "") -> None:
        """Set the outcome that belongs to ``error``; ``message`` replaces the error's text."""
        self.error = lab_kind(error)
        self.outcome = self.error.outcome
        # The code and the text of a plug-in's own error may be anything.
        self.code, self.message = safe_text(error.code, str), message or safe_text(error, str)
        self.booking_id = None

    def confirmation_text(self, done: str) -> str:
        """Return the customer's message; ``done`` is confirmed, moved or cancelled."""
        return "; ".join([f"Booking {done}", *([self.note] if self.note else [])])

    def restart_as(self, other: Booking) -> None:
        """Take over the request and selection of ``other``, the same booking after a switch."""
        self.set_request(other.request)
        self.strategy, self.options = other.strategy, other.options
        self.epoch, self.think_time = other.epoch, other.think_time


def _ask_workload(workload: Bookable, ask: Callable[[Any], str], request: Request) -> str:
    """Return the answer of a workload's function, checked to be text that PostgreSQL can store."""
    try:
        answer = ask(request)
        if isinstance(answer, str) and "\0" not in answer:
            answer.encode()  # half of a surrogate pair can't be encoded
            return answer
    except Exception as error:  # whatever a plug-in's author did
        raise PluginFault(f"The workload {workload.name} failed: {safe_text(error)}.") from error
    raise PluginFault(
        f"The workload {workload.name} failed: its {ask.__name__} is {answer!r}, which is not a "
        f"text that PostgreSQL can store."
    )
