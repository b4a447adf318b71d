"""Release without compare: a lock in Redis is given back by DEL, whoever's it is by then.

Looks right: whoever gives the lock back has taken it before, so whose should it be? And if the
answer to taking it is lost, it may have been taken all the same: so clear up, as Redlock does too.
Goes wrong: the key says that there is a lock, and not whose. B doesn't get it, clears up (that is
its second message), and has deleted the lock of A, who is at work. C finds the key free:
    A:acquire A:read B:acquire B:acquire C:acquire C:read C:write C:commit A:write A:commit
Clearing up only makes it show at once. Without, it takes an expiry: A's lock expires, B takes it,
and A, when it is done, gives back B's, so that C comes in while B still works.
Mend it: write a token of one's own into the key, and delete it only if it still says so; compare
and delete in one script, for the key can change hands in between. RedisLock does.
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
    """One Redis lock for each thing, with no owner."""

    def lease(self, anchor: Anchor, servers: Servers) -> AnybodysLease:
        """Return a lease that is not taken yet."""
        lease = super().lease(anchor, servers)
        return AnybodysLease(lease.client, lease.key, lease.ttl_ms)


@dataclass(frozen=True)
class AnybodysLease(RedisLease):
    """A key that is deleted by whoever is done."""

    def try_acquire(self, announce: Announce) -> bool:
        """Take it if it is free; otherwise clear up."""
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
    """Lock in Redis, read, decide, write, commit, unlock for whomever."""

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
