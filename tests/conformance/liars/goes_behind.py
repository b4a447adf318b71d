"""Row lock, and a Redis lock besides whose messages nobody is told of."""

from __future__ import annotations

from contextlib import nullcontext
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
class SecretLock(RedisLock):
    def lease(self, anchor: Anchor, servers: Servers) -> SecretLease:
        lease = super().lease(anchor, servers)
        return SecretLease(lease.client, lease.key, lease.ttl_ms)


@dataclass(frozen=True)
class SecretLease(RedisLease):
    def release(self, announce: Announce) -> bool:
        return super().release(lambda _what: nullcontext())


@dataclass(frozen=True)
class GoesBehind(Strategy):
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        with attempt.holding(SecretLock(10.0), wait=5.0), attempt.transaction():
            attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
