"""Release without compare: a lock in Redis is released by DEL, even if another booking holds it.

Looks right: a booking releases only a lock that it has taken before, so the lock should be its own.
And if the answer to the request for it is lost, the lock may be taken nevertheless: so clean up, as
Redlock does too.
Goes wrong: the key shows that there is a lock, but not its holder. B doesn't get it, and cleans up
(its second message). This deletes the lock of A, which is still at work. C finds the key free:
    A:acquire A:read B:acquire B:acquire C:acquire C:read C:write C:commit A:write A:commit
The cleanup only makes the mistake visible at once. Without it, it needs an expiry: A's lock
expires, and B takes it. When A has finished, it releases B's lock, so that C begins while B still
works.
Mend it: write a unique token into the key, and delete the key only if it still has this token.
Compare and delete in one script, because the holder can change in between. RedisLock does that.
"""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab import (
    Anchor,
    Announce,
    Anomaly,
    Attempt,
    Capability,
    RedisLease,
    RedisLock,
    Seconds,
    Servers,
    Strategy,
)


@dataclass(frozen=True)
class AnybodysLock(RedisLock):
    """A Redis lock for each thing, without an owner."""

    def lease(self, anchor: Anchor, servers: Servers) -> AnybodysLease:
        """Return a lease on ``anchor`` that is not held yet."""
        lease = super().lease(anchor, servers)
        return AnybodysLease(lease.client, lease.key, lease.ttl_ms)


@dataclass(frozen=True)
class AnybodysLease(RedisLease):
    """A key that any booking deletes when it has finished."""

    def try_acquire(self, announce: Announce) -> bool:
        """Take the lock if it is free; otherwise clean up."""
        if super().try_acquire(announce):
            return True
        self.release(announce)
        return False

    def release(self, announce: Announce) -> bool:
        """Delete the key."""
        with announce("lease"):
            return bool(self._run("return redis.call('DEL', KEYS[1])"))


@dataclass(frozen=True)
class ReleaseWithoutCompare(Strategy):
    """Lock in Redis, read, decide, write, commit, unlock without a comparison."""

    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    broken = True
    allows_under_faults = frozenset(
        {Anomaly.DOUBLE_BOOKING, Anomaly.LOST_UPDATE, Anomaly.OVERSELL, Anomaly.OVERLAP}
    )
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        """Book while holding the lock."""
        with attempt.holding(AnybodysLock(self.ttl), wait=self.wait), attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.write(change)
