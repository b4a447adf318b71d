"""Fenced lock: a Redis lock whose holder shows a token that only grows; older ones are turned away.

A lock that expires can have two holders at the same time. So each holder draws a number when it
gets the lock, and registers it at the row before it reads the row. A number below the row's number
comes from a holder whose lock has expired, and is refused. A check at the write alone would be too
late, because the decision would rest on an earlier read.

The numbers come from a sequence of PostgreSQL. A counter in Redis would start again after a loss of
its memory.

Prevents: double bookings, lost updates, oversells and overlaps, also when the lock expires under
work or Redis loses its memory.
Costs: the Redis lock, and a statement for each thing. Besides, the registration is an UPDATE, which
locks the row until COMMIT. Within one database, that lock alone would be enough; the token is for
protected things that can't be locked.
Take it: when the lock has to be outside of the database, and its expiry must not cause anomalies.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Capability, RedisLock, Seconds, Strategy


@dataclass(frozen=True)
class Fenced(Strategy):
    """Lock in Redis, draw a token, register it, read, decide, write, commit, unlock."""

    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        """Book while holding the Redis lock, unless a newer holder has registered."""
        with attempt.holding(RedisLock(self.ttl), wait=self.wait), attempt.transaction():
            attempt.fence(attempt.token())  # before the read, never after
            change = attempt.decide(attempt.read())
            attempt.write(change)
