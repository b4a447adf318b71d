"""Fenced lock: a Redis lock whose holder shows a token that only grows; older ones are turned away.

A lock that expires can have two holders who both believe in it. So each draws a number when it
gets the lock, and registers it at the row before it reads there: a number lower than the row's
comes from a holder whose time is over, and is refused. Checking the number only at the write would
be too late, for the decision would rest on what was read before.

The numbers come from a sequence of PostgreSQL. A counter in Redis would begin again after a loss of
memory.

Prevents: double bookings, lost updates, oversells and overlaps, also when the lock expires under
work or Redis loses its memory.
Costs: what the Redis lock costs, and a statement for each thing. And be honest: registering is an
UPDATE, which locks the row until COMMIT. Within one database, that alone would do; the token earns
its place where what is protected can't lock.
Take it: when the lock has to be outside of the database, and the expiry must not break it.
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
        """Book while holding the Redis lock, if nobody newer has been here."""
        with attempt.holding(RedisLock(self.ttl), wait=self.wait), attempt.transaction():
            attempt.fence(attempt.token())  # before the read, never after
            change = attempt.decide(attempt.read())
            attempt.write(change)
