"""The clock that bookings use."""

from __future__ import annotations

import threading
import time


class Clock:
    """The machine's clock. The explorer replaces it with a clock that it sets itself."""

    def now(self) -> float:
        """Return seconds on a monotonic clock; only differences have a meaning."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds``."""
        time.sleep(seconds)

    def wait(self, lock: threading.Lock, seconds: float) -> None:
        """Wait until another thread releases ``lock``, at most ``seconds``."""
        lock.acquire(timeout=seconds)

    def expiry(self, seconds: float) -> float:
        """Return the time to live on a server for a key that expires ``seconds`` from now."""
        return seconds
