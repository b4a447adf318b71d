"""Time as bookings see it."""

from __future__ import annotations

import threading
import time


class Clock:
    """The machine's clock. Whoever schedules time instead of waiting for it overrides this one."""

    def now(self) -> float:
        """Seconds on a clock that never goes back; only differences mean something."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        time.sleep(seconds)

    def wait(self, lock: threading.Lock, seconds: float) -> None:
        """Wait until another thread lets go of ``lock``, ``seconds`` at most."""
        lock.acquire(timeout=seconds)

    def expiry(self, seconds: float) -> float:
        """How long a server's clock has to keep what shall expire after ``seconds`` of this one."""
        return seconds
