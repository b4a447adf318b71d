"""Bookers who stand in line, one behind the other, before the first of them looks who is there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from booking_lab.core.booking import Booking
from booking_lab.core.observer import Observer, Step
from booking_lab.core.step import StepKind
from booking_lab.core.workload import Bookable, Request
from booking_lab.db.pool import Pool
from booking_lab.runtime.engine import BookingContext, Engine

_DEADLINE = 20


class Line(Observer):
    """Lets bookers come one after the other, and holds a writer.

    Args:
        held: the steps, by their details, before which the first who comes there is held.
    """

    def __init__(self, *held: str) -> None:
        self.details: list[str] = []
        self._held = {detail: threading.Event() for detail in held or ("queue",)}
        self._untouched = set(self._held)
        self._stopped = threading.Semaphore(0)

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        self.details.append(step.detail)
        if step.detail in self._untouched:
            self._untouched.remove(step.detail)
            self._stopped.release()
            assert self._held[step.detail].wait(_DEADLINE)
        elif step.kind is StepKind.WAIT:
            self._stopped.release()
        yield

    def let_go(self, *details: str) -> None:
        """Hold nobody any more before these steps; by default, before any."""
        for detail in details or self._held:
            self._held[detail].set()

    def wait(self) -> None:
        """Wait until one more has come to a stop."""
        assert self._stopped.acquire(timeout=_DEADLINE), "nobody came to a stop"

    @contextmanager
    def standing(
        self, engine: Engine, pool: Pool, workload: Bookable, requests: Sequence[Request],
        wish: BookingContext,
    ) -> Iterator[Callable[[], list[Booking]]]:  # fmt: skip
        """Let ``requests`` stand in line in this order; yields what lets them go to their ends."""
        watched = engine.derive(pool, [self])
        with ThreadPoolExecutor(len(requests)) as bookers:
            answers = []
            for request in requests:
                answers.append(bookers.submit(watched.book, workload, request, wish))
                self.wait()

            def served() -> list[Booking]:
                self.let_go()
                return [answer.result(_DEADLINE) for answer in answers]

            try:
                yield served
            finally:
                self.let_go()
