"""Stops a booking at a step until a test lets it go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from booking_lab.core.observer import Observer, Step
from booking_lab.core.step import StepKind

_DEADLINE = 20


class Gate(Observer):
    """Holds every booking before its first step of ``kind``."""

    def __init__(self, kind: StepKind) -> None:
        self._kind = kind
        self._reached = threading.Event()
        self._open = threading.Event()

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        if step.kind is self._kind:
            self._reached.set()
            assert self._open.wait(_DEADLINE)
        yield

    def reached(self) -> None:
        """Wait until a booking stands at the gate."""
        assert self._reached.wait(_DEADLINE), "no booking came to the gate"

    def open(self) -> None:
        """Let it go on, and all that come later."""
        self._open.set()
