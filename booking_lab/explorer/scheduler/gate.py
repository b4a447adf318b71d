"""The gate: stops a booker before each of its messages until the scheduler lets it go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import NamedTuple

from booking_lab.core.booking import Booking
from booking_lab.core.observer import Observer, Step
from booking_lab.core.step import StepKind, StepName
from booking_lab.errors import BookerInterrupted

#: The move that begins a booking.
BEGIN = "begin"


class StartPoint(NamedTuple):
    """The stop before the first line of the strategy's code.

    Attributes:
        booking: the booking that begins.
    """

    booking: Booking
    kind: str = BEGIN
    detail: str = "the strategy's code"
    name: None = None


class ProcessDied(BookerInterrupted):
    """The booker's process has died: no code of it runs any more, not even cleanup."""


class Gate(Observer):
    """Stops one booker before each step that sends a message, and before each wait.

    A decision sends no message, so no other booker can affect it, and there is no stop before it.
    The same is true for the code before the first step, unless it may share state.

    Attributes:
        next_step: the step before which the booker has stopped; none: it is running, or has ended.
        stops_at_start: whether the booker also stops before the first line of the strategy's code.

    Args:
        on_arrival: called when the booker has stopped.
    """

    def __init__(self, on_arrival: Callable[[], None]) -> None:
        self.next_step: Step | StartPoint | None = None
        self.stops_at_start = False
        self._on_arrival = on_arrival
        self._passes: SimpleQueue[None] = SimpleQueue()
        self._dead = False

    def reset(self) -> None:
        """Reset the gate for the next booking."""
        self.next_step = None
        self._dead = False

    def open(self) -> None:
        """Let the booker run the step before which it has stopped."""
        self.next_step = None
        self._passes.put(None)

    def kill(self) -> None:
        """End the booker: the stop raises ``ProcessDied``."""
        self._dead = True
        self.open()

    @contextmanager
    def booking(self, booking: Booking) -> Iterator[None]:
        """Stop before the strategy's code begins, if ``stops_at_start`` is set."""
        if self.stops_at_start:
            self._stop(StartPoint(booking))
        yield

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Stop before the step."""
        if self._dead:
            raise ProcessDied
        # The pause before the next try is no stop: time stands still.
        if step.kind is not StepKind.DECIDE and step.name is not StepName.BACK_OFF:
            self._stop(step)
        yield

    def _stop(self, ahead: Step | StartPoint) -> None:
        self.next_step = ahead
        self._on_arrival()
        self._passes.get()
        if self._dead:
            raise ProcessDied
