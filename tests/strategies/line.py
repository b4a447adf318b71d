"""Bookers who stand in line, one behind the other, before the first of them looks who is there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from booking_lab.core.booking import Booking
from booking_lab.core.step import Observer, Step, StepKind
from booking_lab.core.workload import Request, Workload
from booking_lab.db.pool import Pool
from booking_lab.engine import Engine, Wish

_DEADLINE = 20


class Line(Observer):
    """Lets bookers come one after the other, and holds the writers of ``held`` steps.

    Args:
        held: the steps before which the first booker to come there is held, by their details.
    """

    def __init__(self, *held: str) -> None:
        self.details: list[str] = []
        self._held = set(held or {"queue"})
        self._stopped = threading.Semaphore(0)
        self._open = threading.Event()

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        self.details.append(step.detail)
        if step.detail in self._held:
            self._held.remove(step.detail)
            self._stopped.release()
            assert self._open.wait(_DEADLINE)
        elif step.kind is StepKind.WAIT:
            self._stopped.release()
        yield

    @contextmanager
    def standing(
        self, engine: Engine, pool: Pool, workload: Workload, requests: Sequence[Request],
        wish: Wish,
    ) -> Iterator[Callable[[], list[Booking]]]:  # fmt: skip
        """Let ``requests`` stand in line in this order; yields what opens it and waits for all."""
        watched = engine.with_(pool, [self])
        with ThreadPoolExecutor(len(requests)) as bookers:
            answers = []
            for request in requests:
                answers.append(bookers.submit(watched.book, workload, request, wish))
                assert self._stopped.acquire(timeout=_DEADLINE), "a booker did not come to the line"

            def served() -> list[Booking]:
                self._open.set()
                return [answer.result(_DEADLINE) for answer in answers]

            try:
                yield served
            finally:
                self._open.set()
