"""The race window: a pause between the decision and the write."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from booking_lab.core.observer import NOT_WATCHED, Observer, Step
from booking_lab.core.step import StepKind


class ThinkTime(Observer):
    """Pauses after each decision for the lab's think time.

    In production, a payment, another service or the garbage collector takes time between check and
    act.
    """

    def step(self, step: Step) -> AbstractContextManager[object]:
        """Return a context manager that pauses after a decision, but not after a refusal."""
        if step.kind is StepKind.DECIDE and step.booking.think_time:
            return _pausing(step.booking.think_time)
        return NOT_WATCHED


@contextmanager
def _pausing(seconds: float) -> Iterator[None]:
    yield
    time.sleep(seconds)
