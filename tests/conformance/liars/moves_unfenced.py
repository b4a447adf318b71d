"""A lock in Redis, and a fence for new bookings alone."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab import Attempt, Capability, RedisLock, Seconds, Strategy


@dataclass(frozen=True)
class MovesUnfenced(Strategy):
    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        with attempt.holding(RedisLock(self.ttl), wait=self.wait), attempt.transaction():
            token = attempt.token()
            if attempt.request.action == "book":
                attempt.fence(token)
            attempt.write(attempt.decide(attempt.read()))
