"""The stopwatch of a booking: its total time, its waits, its locks and each step."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

from booking_lab.core.booking import Booking
from booking_lab.core.observer import Observer, Step
from booking_lab.core.step import StepKind, StepName

#: If a row lock takes longer than this, in seconds, another booking had it first. PostgreSQL
#: doesn't report whether a session had to wait; an uncontended lock takes a tenth of this.
CONTENDED_AFTER = 0.002

_WAITS = {StepKind.ACQUIRE, StepKind.WAIT}
_LOCKS = {StepKind.ACQUIRE, StepKind.WRITE}
_ENDS = {StepKind.COMMIT, StepKind.RELEASE}


class Stopwatch(Observer):
    """Fills in the timing of one booking. Each booking needs a stopwatch of its own.

    It has to be the innermost observer. A write locks rows as well, so the time of holding begins
    with the first lock or write, and ends with the last commit, rollback or release of the try.
    """

    def __init__(self) -> None:
        self._attempt = 0
        self._held_before = 0.0
        self._locked_at: float | None = None

    def booking(self, booking: Booking) -> AbstractContextManager[object]:
        """Return a context manager that measures the total time."""
        self._timing = booking.timing
        return self

    def __enter__(self) -> None:
        self._begin = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._timing.total = time.perf_counter() - self._begin

    def step(self, step: Step) -> AbstractContextManager[object]:
        """Return a context manager that measures the step."""
        return _Timed(self, step)

    def begin(self, step: Step) -> float:
        """Begin a step, which may be the first of a new try; return the time."""
        if step.attempt != self._attempt:
            self._attempt, self._locked_at = step.attempt, None
            self._held_before = step.booking.timing.held
            step.booking.timing.is_holding = False
        return time.perf_counter()

    def end(self, step: Step, begin: float, *, failed: bool) -> None:
        """End a step that began at ``begin``, and add its time."""
        timing, now = step.booking.timing, time.perf_counter()
        timing.steps.append((step.kind, now - begin))
        if step.kind in _WAITS:
            timing.waited += now - begin
            if step.name is StepName.ROW_LOCK and now - begin > CONTENDED_AFTER:
                timing.contentions += 1
        if step.kind in _LOCKS and not failed and self._locked_at is None:
            self._locked_at = now
            timing.is_holding = True
        if step.kind in _ENDS and self._locked_at is not None:
            timing.held = self._held_before + now - self._locked_at
            timing.is_holding = False


class _Timed:
    """The context manager of one step. A generator would cost several times as much."""

    __slots__ = ("_begin", "_step", "_stopwatch")

    def __init__(self, stopwatch: Stopwatch, step: Step) -> None:
        self._stopwatch, self._step = stopwatch, step

    def __enter__(self) -> None:
        self._begin = self._stopwatch.begin(self._step)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stopwatch.end(self._step, self._begin, failed=kind is not None)
