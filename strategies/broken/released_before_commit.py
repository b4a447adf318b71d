"""Lease released before commit: the lock is released while the transaction is still open.

Looks right: lock, do the work, unlock, and all of it in one transaction. Often the two are in
different places: a function holds the lock, and a framework commits at the end of the request.
Goes wrong: other bookings can't read A's change before its COMMIT. B gets the lock before that, and
reads the old state. Its write waits for A's, and then overwrites it:
    A:acquire A:read A:write A:release B:acquire B:read B:write A:commit B:release B:commit
Mend it: put the lock around the transaction, and not into it, because it has to outlive COMMIT.
With its two context managers swapped, this is ``distributed``.
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
        """Book while holding the Redis lock, but commit without it."""
        with attempt.transaction(), attempt.holding(RedisLock(self.ttl), wait=self.wait):
            change = attempt.decide(attempt.read())
            attempt.write(change)
