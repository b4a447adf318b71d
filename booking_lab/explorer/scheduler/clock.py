"""A clock that the scheduler controls."""

from __future__ import annotations

import threading
from collections.abc import Hashable

from booking_lab.core.clock import Clock

#: Seconds; longer than any wait and any expiry of a strategy.
FAR_FUTURE = 10_000.0


class ScheduledClock(Clock):
    """A clock that stands still: locks expire and waits end only by a move of the schedule."""

    def __init__(self) -> None:
        self._now = 0.0
        self._threads_past_wait: set[Hashable] = set()

    def reset(self) -> None:
        """Forget the threads whose waits were ended, for a new schedule."""
        self._threads_past_wait.clear()

    def now(self) -> float:
        """Return the seconds that have passed for the calling thread."""
        return self._now + FAR_FUTURE * (threading.get_ident() in self._threads_past_wait)

    def sleep(self, seconds: float) -> None:
        """Do nothing: nobody waits for time here."""

    def wait(self, lock: threading.Lock, seconds: float) -> None:  # noqa: ARG002
        """Try to acquire ``lock`` once: the scheduler decides when to try again."""
        lock.acquire(blocking=False)

    def expiry(self, seconds: float) -> float:  # noqa: ARG002
        """Return a time in the far future: the clock of a server goes on, and must not decide."""
        return 1000 * FAR_FUTURE

    def end_waits_of(self, thread: Hashable) -> None:
        """Let time pass for one thread, so that all its waits are over."""
        self._threads_past_wait.add(thread)

    def end_all_waits(self) -> None:
        """Let time pass for all threads, so that all waits are over."""
        self._now += FAR_FUTURE
