"""The race window: time that passes between the decision and the write."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from booking_lab.core.step import Observer, Step, StepKind


class ThinkTime(Observer):
    """Pauses after each decision for as long as the lab's think time says.

    In the field this is the payment, the other service, the garbage collector: whatever lets time
    pass between check and act.
    """

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Pause once a decision has been made; a refusal doesn't think."""
        yield
        if step.kind is StepKind.DECIDE and step.booking.think_time:
            time.sleep(step.booking.think_time)
