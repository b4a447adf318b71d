"""The gate: a booker stops before each of its messages until it is let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import NamedTuple

from booking_lab.core.booking import Booking
from booking_lab.core.observer import Observer, Step
from booking_lab.core.step import StepKind, StepName
from booking_lab.errors import Torn

#: The move that begins a booking.
BEGIN = "begin"


class StartPoint(NamedTuple):
    """The place before anything of the strategy has run.

    Attributes:
        booking: the booking that begins.
    """

    booking: Booking
    kind: str = BEGIN
    detail: str = "the strategy's code"
    name: None = None


class ProcessDied(Torn):
    """The booker's process has ended: nothing of it runs any more, no cleaning up either."""


class Gate(Observer):
    """Stops one booker before each step that sends something, and before each wait.

    Deciding sends nothing: nobody can come in between, and so it is no place to stop. The same is
    true of what comes before the first step, unless the code may share something in its process.

    Attributes:
        ahead: what the booker stands before; none: nothing, it is on its way or at its end.
        at_begin: whether it stops before the strategy's code begins as well.

    Args:
        arrived: called when the booker has come to a stop.
    """

    def __init__(self, arrived: Callable[[], None]) -> None:
        self.next_step: Step | StartPoint | None = None
        self.stops_at_start = False
        self._on_arrival = arrived
        self._passes: SimpleQueue[None] = SimpleQueue()
        self._dead = False

    def reset(self) -> None:
        """Make ready for the next booking."""
        self.next_step = None
        self._dead = False

    def open(self) -> None:
        """Let the booker do the step that it stands before."""
        self.next_step = None
        self._passes.put(None)

    def kill(self) -> None:
        """Let the booker do nothing any more."""
        self._dead = True
        self.open()

    @contextmanager
    def booking(self, booking: Booking) -> Iterator[None]:
        """Stop before the strategy begins, if that can matter."""
        if self.stops_at_start:
            self._stop(StartPoint(booking))
        yield

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Stop before the step."""
        if self._dead:
            raise ProcessDied
        # A pause before the next try is none here: time stands still.
        if step.kind is not StepKind.DECIDE and step.name is not StepName.BACK_OFF:
            self._stop(step)
        yield

    def _stop(self, ahead: Step | StartPoint) -> None:
        self.next_step = ahead
        self._on_arrival()
        self._passes.get()
        if self._dead:
            raise ProcessDied
