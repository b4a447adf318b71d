"""Redis lock without expiry: if its holder dies, nobody ever gets it again."""

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
class EternalLock(RedisLock):
    def lease(self, anchor: Anchor, servers: Servers) -> EternalLease:
        lease = super().lease(anchor, servers)
        return EternalLease(lease.client, lease.key, lease.ttl_ms)


@dataclass(frozen=True)
class EternalLease(RedisLease):
    def try_acquire(self, announce: Announce) -> bool:
        with announce("lease"):
            return bool(self.client.set(self.key, self.token, nx=True))


@dataclass(frozen=True)
class NeverLetsGo(Strategy):
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        with attempt.holding(EternalLock(10.0), wait=0.5), attempt.transaction():
            attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
