"""A race whose referee loses sight of it lets everybody go."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from booking_lab.core.observer import Step
from booking_lab.core.step import StepKind
from booking_lab.errors import DatabaseUnavailable
from booking_lab.observers.barrier import Barrier


def test_bookers_go_on_when_nobody_can_be_asked_who_is_blocked():
    barrier = Barrier(2)
    booking = SimpleNamespace(request=SimpleNamespace(id=uuid.uuid4()))
    other = SimpleNamespace(request=SimpleNamespace(id=uuid.uuid4()))

    def book():
        with barrier.step(Step(StepKind.DECIDE, "decide", booking, 1, 1)):
            pass

    def lost(_sessions):
        raise DatabaseUnavailable

    # The second one has begun and never comes, so that the referee has to ask.
    with barrier.step(Step(StepKind.ACQUIRE, "row lock", other, 1, 2)):
        pass
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(book)
        with pytest.raises(DatabaseUnavailable):
            barrier.watch(lost, timeout=20)
        ended.result(timeout=20)
