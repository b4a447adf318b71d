"""The race window: time that passes between the decision and the write."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from booking_lab.core.observer import NOT_WATCHED, Observer, Step
from booking_lab.core.step import StepKind


class ThinkTime(Observer):
    """Pauses after each decision for as long as the lab's think time says.

    In the field this is the payment, the other service, the garbage collector: whatever lets time
    pass between check and act.
    """

    def step(self, step: Step) -> AbstractContextManager[object]:
        """Pause once a decision has been made; a refusal doesn't think."""
        if step.kind is StepKind.DECIDE and step.booking.think_time:
            return _pausing(step.booking.think_time)
        return NOT_WATCHED


@contextmanager
def _pausing(seconds: float) -> Iterator[None]:
    yield
    time.sleep(seconds)
