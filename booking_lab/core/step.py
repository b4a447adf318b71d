"""Steps and those who watch them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from booking_lab.core.booking import Booking


class StepKind(StrEnum):
    """What a step is; one announced step is one statement on the wire."""

    ACQUIRE = "acquire"
    WAIT = "wait"
    READ = "read"
    DECIDE = "decide"
    WRITE = "write"
    COMMIT = "commit"
    RELEASE = "release"


class Step(NamedTuple):
    """One announced step of one try.

    Attributes:
        kind: what it is.
        detail: what it does in a word or two, such as ``row lock`` or ``versions``.
        booking: the booking that it belongs to.
        attempt: the number of the try, from 1.
        session: PostgreSQL's process id of the try's connection.
    """

    kind: StepKind
    detail: str
    booking: Booking
    attempt: int
    session: int


#: What an observer returns that doesn't care: it is not even entered.
NOTHING: AbstractContextManager[None] = nullcontext()


class Observer:
    """Watches bookings and their steps; a subclass overrides what it wants to see.

    Measuring, tracing, thinking and meeting at a barrier are observers, and nothing else in the
    lab measures, sleeps or injects. Exceptions of the watched block pass through.
    """

    def booking(self, booking: Booking) -> AbstractContextManager[object]:  # noqa: ARG002
        """Return a context manager that is open for the whole booking, retries included."""
        return NOTHING

    def step(self, step: Step) -> AbstractContextManager[object]:  # noqa: ARG002
        """Return a context manager that is open while ``step`` runs."""
        return NOTHING


def watch(contexts: Sequence[AbstractContextManager[object]]) -> AbstractContextManager[object]:
    """Make one of what observers have returned: entered in this order, left in the other."""
    watching = [context for context in contexts if context is not NOTHING]
    return reduce(_around, watching) if watching else NOTHING


@contextmanager
def _around(
    outer: AbstractContextManager[object], inner: AbstractContextManager[object]
) -> Iterator[None]:
    # Mostly there are two, and an ExitStack would take half as long again for them.
    with outer, inner:
        yield
