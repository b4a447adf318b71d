"""Lease released before commit: the lock is given back while the transaction is still open.

Looks right: lock, do the work, unlock; and all of it in one transaction, as it should be. Often the
two aren't even in sight of each other: a function holds the lock, and a framework commits when the
request ends.
Goes wrong: what A has written can't be read before its COMMIT. B gets the lock in between and reads
what was there before. Its write waits for A's, and then goes over it:
    A:acquire A:read A:write A:release B:acquire B:read B:write A:commit B:release B:commit
Mend it: the lock around the transaction, not in it: it has to outlive COMMIT. Turn the two lines of
``with`` round, and this is ``distributed``.
"""

from dataclasses import dataclass

from booking_lab import Anomaly, Attempt, Capability, RedisLock, Seconds, Strategy


@dataclass(frozen=True)
class ReleasedBeforeCommit(Strategy):
    """Lock in Redis, read, decide, write, unlock, commit."""

    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    broken = True
    allows_under_faults = frozenset(
        {Anomaly.DOUBLE_BOOKING, Anomaly.LOST_UPDATE, Anomaly.OVERSELL, Anomaly.OVERLAP}
    )
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        """Book while holding the Redis lock, almost."""
        with attempt.transaction(), attempt.holding(RedisLock(self.ttl), wait=self.wait):
            change = attempt.decide(attempt.read())
            attempt.write(change)
