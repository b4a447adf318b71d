"""Redlock: a lock that is held at a majority of several independent Redis servers.

https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ (the Redlock algorithm)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from booking_lab.core.anchor import Anchor
from booking_lab.core.clock import Clock
from booking_lab.core.lease import Announce, Servers
from booking_lab.errors import RedisUnavailable
from booking_lab.locks.redis_lock import RedisLease, lock_key

#: The share by which a server's clock may be faster than ours, and the granularity of its expiry in
#: seconds; both as in the reference implementations.
DRIFT = 0.01
GRANULARITY = 0.002


@dataclass(frozen=True)
class Redlock:
    """A lock for each anchor, held at more than half of the servers.

    Attributes:
        ttl: seconds after which a lock expires by itself at every server.

    A lease lasts a little less than ``ttl``, because the servers' clocks may be faster:

    >>> import redis
    >>> servers = Servers(redlock=(redis.Redis(), redis.Redis(), redis.Redis()))
    >>> lease = Redlock(ttl=2.0).lease(Anchor("desks", (("desk", "a"),)), servers)
    >>> len(lease.parts), lease.lasts < 2.0
    (3, True)
    """

    ttl: float

    def lease(self, anchor: Anchor, servers: Servers) -> RedlockLease:
        """Return a lease on ``anchor`` that is not held yet.

        Raises:
            RedisUnavailable: the lab runs without these servers.
        """
        if not servers.redlock:
            raise RedisUnavailable("The lab runs without the servers of Redlock.")
        ttl = servers.clock.expiry(self.ttl)
        key = lock_key(anchor, servers)
        parts = [RedisLease.of(client, key, ttl) for client in servers.redlock]
        return RedlockLease(parts, self.ttl, servers.clock)


@dataclass(frozen=True)
class RedlockLease:
    """A lease of the same lock at several servers.

    Attributes:
        parts: the lease at each server.
        ttl: seconds until they expire.
        clock: measures the time that it takes to acquire them.
    """

    parts: list[RedisLease]
    ttl: float
    clock: Clock = field(default_factory=Clock)

    @property
    def lasts(self) -> float:
        """Seconds that it lasts at least, counted from before the request for it."""
        ttl = min(part.lasts for part in self.parts)
        return ttl - ttl * DRIFT - GRANULARITY

    def try_acquire(self, announce: Announce) -> bool:
        """Take the lock at every server, and keep it if a majority gave it in time.

        Raises:
            RedisUnavailable: no majority of the servers answers.
        """
        begin = self.clock.now()
        taken = away = 0
        for number, part in enumerate(self.parts, start=1):
            try:
                taken += part.try_acquire(_at(number, announce))
            except RedisUnavailable:
                away += 1
        left = self.ttl - (self.clock.now() - begin) - (self.ttl * DRIFT + GRANULARITY)
        if taken >= self._quorum and left > 0:
            return True
        self._give_back(announce)
        if len(self.parts) - away < self._quorum:
            raise RedisUnavailable(f"{away} of {len(self.parts)} servers of Redlock are away.")
        return False

    def release(self, announce: Announce) -> bool:
        """Release it everywhere; return false if no majority of the servers still had it."""
        return self._give_back(announce) >= self._quorum

    def expire(self) -> bool:
        """Delete the key at every server where it still has this token."""
        return sum(part.expire() for part in self.parts) > 0

    @property
    def _quorum(self) -> int:
        return len(self.parts) // 2 + 1

    def _give_back(self, announce: Announce) -> int:
        given = 0
        for number, part in enumerate(self.parts, start=1):
            try:
                # Also after a failure: the key may be set although the answer was lost.
                given += part.release(_at(number, announce))
            except RedisUnavailable:
                continue
        return given


def _at(number: int, announce: Announce) -> Announce:
    return lambda what: announce(f"{what} at server {number}")
