"""A lock in Redis, taken if a look says that it is free: two interruptions, and two have it."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab import (
    Anchor,
    Announce,
    Attempt,
    Capability,
    RedisLease,
    RedisLock,
    Servers,
    Strategy,
)


@dataclass(frozen=True)
class LookedAtLease(RedisLease):
    def try_acquire(self, announce: Announce) -> bool:
        with announce("look"):
            if self.client.exists(self.key):
                return False
        with announce("lease"):
            return bool(self.client.set(self.key, self.token, px=self.ttl_ms))


@dataclass(frozen=True)
class LookedAtLock(RedisLock):
    def lease(self, anchor: Anchor, servers: Servers) -> LookedAtLease:
        lease = super().lease(anchor, servers)
        return LookedAtLease(lease.client, lease.key, lease.ttl_ms)


@dataclass(frozen=True)
class LooksBeforeItLeases(Strategy):
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        with attempt.holding(LookedAtLock(10.0), wait=5.0), attempt.transaction():
            attempt.write(attempt.decide(attempt.read()))
