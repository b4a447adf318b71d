"""Measures what each booking's row says: how long it waited, held locks and took in all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from booking_lab.core.booking import Booking
from booking_lab.core.step import Observer, Step, StepKind

#: A row lock that took longer than this, in seconds, was somebody else's at first. PostgreSQL
#: doesn't say whether it made a session wait; an uncontended lock takes a tenth of this.
CONTENDED_AFTER = 0.002

_WAITS = {StepKind.ACQUIRE, StepKind.WAIT}
_LOCKS = {StepKind.ACQUIRE, StepKind.WRITE}
_ENDS = {StepKind.COMMIT, StepKind.RELEASE}


class Stopwatch(Observer):
    """Keeps the timing of one booking; make one for each.

    A write takes the row's lock as well, so holding begins with the first lock or write and ends
    with the last commit, rollback or release of the try.
    """

    def __init__(self) -> None:
        self._attempt = 0
        self._held_before = 0.0
        self._locked_at: float | None = None

    @contextmanager
    def booking(self, booking: Booking) -> Iterator[None]:
        """Take the total time."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            booking.timing.total = time.perf_counter() - begin

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Add the step's time to what it is a part of."""
        timing = step.booking.timing
        if step.attempt != self._attempt:
            self._attempt, self._held_before, self._locked_at = step.attempt, timing.held, None
            timing.holding = False
        begin = time.perf_counter()
        failed = True
        try:
            yield
            failed = False
        finally:
            now = time.perf_counter()
            if step.kind in _WAITS:
                timing.waited += now - begin
                if step.detail == "row lock" and now - begin > CONTENDED_AFTER:
                    timing.contended += 1
            if step.kind in _LOCKS and not failed and self._locked_at is None:
                self._locked_at = now
                timing.holding = True
            if step.kind in _ENDS and self._locked_at is not None:
                timing.held = self._held_before + now - self._locked_at
                timing.holding = False
