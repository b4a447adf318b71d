"""Waits for a lock in Redis, and books without it when the wait is over."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab import Attempt, Capability, LockTimeout, RedisLock, Seconds, Strategy


@dataclass(frozen=True)
class GoesWithoutTheLease(Strategy):
    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        try:
            with attempt.holding(RedisLock(self.ttl), wait=self.wait):
                self._book(attempt)
        except LockTimeout:
            self._book(attempt)

    def _book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.write(attempt.decide(attempt.read()))
