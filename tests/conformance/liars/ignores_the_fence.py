"""A lock in Redis and a fence; that a newer holder has been here is taken note of, and no more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from booking_lab import Attempt, Capability, FencedOff, RedisLock, Seconds, Strategy


@dataclass(frozen=True)
class IgnoresTheFence(Strategy):
    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        lock = RedisLock(self.ttl)
        with attempt.holding(lock, wait=self.wait), attempt.transaction():
            token = attempt.token()
            with suppress(FencedOff):
                attempt.fence(token)
            attempt.write(attempt.decide(attempt.read()))
