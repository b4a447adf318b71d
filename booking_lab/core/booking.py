"""One booking from request to answer."""

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


class ChosenStrategy(Protocol):
    """A booking's strategy, as far as who has to do with the booking needs it.

    What a strategy is, ``core.strategy`` says: it rests on attempts, and these on bookings.
    """

    name: ClassVar[str]
    needs: ClassVar[frozenset[Capability]]

    @property
    def retry(self) -> Retry:
        """When it is tried again."""
        ...

    def book(self, attempt: Any) -> None:
        """Book once; ``attempt`` is an ``Attempt``."""
        ...


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
        error: the lab's kind of error that has ended it; none: none has.
        code: a stable word for the outcome's reason.
        message: how it ended, for a reader: that it is confirmed, or the reason why not.
        note: what there is to say beside that it is confirmed; mostly empty.
        booking_id: the id of the confirmed booking's row.
        scope: what a reset clears as one with it, as its workload says.
        subject: what is contended for in a word, as its workload says.

    Raises:
        PluginFault: the workload doesn't say what this is about.
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
        """Be about ``request`` from now on.

        Its workload, which may be anybody's code, is asked here and never after the commit, when
        it would be too late for it to fail.

        Raises:
            PluginFault: the workload doesn't say what this is about.
        """
        self.scope = _ask_workload(self.workload, self.workload.scope, request)
        self.subject = _ask_workload(self.workload, self.workload.subject, request)
        self.request = request

    def confirm(self) -> None:
        """Be confirmed."""
        self.outcome, self.message = Outcome.CONFIRMED, self.confirmation_text("confirmed")

    def fail(self, error: BookingLabError, message: str = "") -> None:
        """Be ended by ``error``, in its own words unless there is a ``message``."""
        self.error = lab_kind(error)
        self.outcome = self.error.outcome
        # A plug-in's own errors may say anything.
        self.code, self.message = safe_text(error.code, str), message or safe_text(error, str)
        self.booking_id = None

    def confirmation_text(self, done: str) -> str:
        """What a customer is told whose booking is ``done``: confirmed, moved or cancelled."""
        return "; ".join([f"Booking {done}", *([self.note] if self.note else [])])

    def restart_as(self, anew: Booking) -> None:
        """Be under way as ``anew`` is: the same booking, begun after a switch or a reset."""
        self.set_request(anew.request)
        self.strategy, self.options = anew.strategy, anew.options
        self.epoch, self.think_time = anew.epoch, anew.think_time


def _ask_workload(workload: Bookable, ask: Callable[[Any], str], request: Request) -> str:
    """Return what ``workload`` says of ``request``, if every reader of it can use that."""
    try:
        said = ask(request)
        if isinstance(said, str) and "\0" not in said:
            said.encode()  # half a surrogate pair is no text either
            return said
    except Exception as error:  # whatever a plug-in's author did
        raise PluginFault(f"The workload {workload.name} failed: {safe_text(error)}.") from error
    raise PluginFault(
        f"The workload {workload.name} failed: its {ask.__name__} is {said!r}, which is no text "
        f"that PostgreSQL takes."
    )
