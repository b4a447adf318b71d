"""Time that passes only when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Hashable

from booking_lab.core.clock import Clock

#: Longer than any wait and any expiry of a strategy, in seconds.
AN_AGE = 10_000.0


class ScheduledClock(Clock):
    """Stands still, so that no lock expires and no wait ends unless it is its turn."""

    def __init__(self) -> None:
        self._now = 0.0
        self._late: set[Hashable] = set()

    def begin(self) -> None:
        """Begin a schedule: nobody is late."""
        self._late.clear()

    def now(self) -> float:
        """Seconds that were let pass, for the thread that asks."""
        return self._now + AN_AGE * (threading.get_ident() in self._late)

    def sleep(self, seconds: float) -> None:
        """Nothing: nobody waits for time here."""

    def wait(self, lock: threading.Lock, seconds: float) -> None:  # noqa: ARG002
        """Look whether ``lock`` is let go of by now: the stage knows when it is worth a look."""
        lock.acquire(blocking=False)

    def expiry(self, seconds: float) -> float:  # noqa: ARG002
        """Far away: a server's clock doesn't stand still, and must not decide."""
        return 1000 * AN_AGE

    def pass_for(self, thread: Hashable) -> None:
        """Let so much time pass for one thread that every wait of it is over."""
        self._late.add(thread)

    def pass_by(self) -> None:
        """Let so much time pass that every wait is over."""
        self._now += AN_AGE
