"""Time that passes only when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Hashable

from booking_lab.core.clock import Clock

#: Longer than any wait and any expiry of a strategy, in seconds.
FAR_FUTURE = 10_000.0


class ScheduledClock(Clock):
    """Stands still, so that no lock expires and no wait ends unless it is its turn."""

    def __init__(self) -> None:
        self._now = 0.0
        self._threads_past_wait: set[Hashable] = set()

    def reset(self) -> None:
        """Begin a schedule: nobody is late."""
        self._threads_past_wait.clear()

    def now(self) -> float:
        """Seconds that were let pass, for the thread that asks."""
        return self._now + FAR_FUTURE * (threading.get_ident() in self._threads_past_wait)

    def sleep(self, seconds: float) -> None:
        """Nothing: nobody waits for time here."""

    def wait(self, lock: threading.Lock, seconds: float) -> None:  # noqa: ARG002
        """Look whether ``lock`` is let go of by now: the stage knows when it is worth a look."""
        lock.acquire(blocking=False)

    def expiry(self, seconds: float) -> float:  # noqa: ARG002
        """Far away: a server's clock doesn't stand still, and must not decide."""
        return 1000 * FAR_FUTURE

    def end_waits_of(self, thread: Hashable) -> None:
        """Let so much time pass for one thread that every wait of it is over."""
        self._threads_past_wait.add(thread)

    def end_all_waits(self) -> None:
        """Let so much time pass that every wait is over."""
        self._now += FAR_FUTURE
