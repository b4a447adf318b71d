"""A lock in Redis, deleted in the end in any case: also by who has waited for it in vain."""

from __future__ import annotations

from dataclasses import dataclass, field

from booking_lab import (
    Anchor,
    Announce,
    Attempt,
    Capability,
    LockTimeout,
    RedisLease,
    RedisLock,
    Seconds,
    Servers,
    StepKind,
    Strategy,
)


@dataclass(frozen=True)
class DeletedLease(RedisLease):
    def release(self, announce: Announce) -> bool:
        with announce("lease"):
            return bool(self._run("return redis.call('DEL', KEYS[1])"))


@dataclass(frozen=True)
class DeletedLock(RedisLock):
    leases: list[DeletedLease] = field(default_factory=list)

    def lease(self, anchor: Anchor, servers: Servers) -> DeletedLease:
        lease = super().lease(anchor, servers)
        self.leases.append(DeletedLease(lease.client, lease.key, lease.ttl_ms))
        return self.leases[-1]


@dataclass(frozen=True)
class ClearsUpAfterItself(Strategy):
    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        lock = DeletedLock(self.ttl)
        try:
            with attempt.holding(lock, wait=self.wait), attempt.transaction():
                attempt.write(attempt.decide(attempt.read()))
        except LockTimeout:
            lock.leases[-1].release(lambda what: attempt.step(StepKind.RELEASE, what))
            raise
