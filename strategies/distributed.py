"""Distributed locking: one Redis lock for each seat, with an expiry, around the transaction.

The holder of the key books. The others try again until their wait is over. The key expires by
itself, so that a dead booker doesn't block the seat for ever. It is released after COMMIT, by
compare-and-delete.

Prevents: double bookings, as long as every booking ends within the expiry and Redis keeps its keys.
Doesn't prevent: a double booking by a booker that stalls for longer than the expiry, nor after
Redis has lost its memory. For that, the database must check too (a fencing token).
Costs: two round trips to a second server that must be up.
Take it: when the protected thing is not in one database. Several service instances alone are no
reason: row locks work between them.
"""

from dataclasses import dataclass

from booking_lab import Anomaly, Attempt, Capability, RedisLock, Seconds, Strategy


@dataclass(frozen=True)
class Distributed(Strategy):
    """Lock in Redis, read, decide, write, commit, unlock."""

    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    allows_under_faults = frozenset(
        {Anomaly.DOUBLE_BOOKING, Anomaly.LOST_UPDATE, Anomaly.OVERSELL, Anomaly.OVERLAP}
    )
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        """Book while holding the Redis lock; the lock outlives the commit."""
        with attempt.holding(RedisLock(self.ttl), wait=self.wait), attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.write(change)
