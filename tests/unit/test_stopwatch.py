"""What counts as a lock that somebody else had."""

from types import SimpleNamespace

import pytest

from booking_lab.core.booking import Timing
from booking_lab.core.observer import Step
from booking_lab.core.step import StepKind, StepName
from booking_lab.observers import stopwatch
from booking_lab.observers.stopwatch import Stopwatch


@pytest.mark.parametrize(("name", "contended"), [(StepName.ROW_LOCK, 1), (None, 0)])
def test_a_row_lock_that_took_long_was_contended_and_not_what_is_called_so(
    monkeypatch, name, contended
):
    monkeypatch.setattr(stopwatch, "CONTENDED_AFTER", -1.0)
    booking = SimpleNamespace(timing=Timing())
    with Stopwatch().step(Step(StepKind.ACQUIRE, "row lock", booking, 1, 1, name)):
        pass

    assert booking.timing.contentions == contended
