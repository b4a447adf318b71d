"""Layers: a Redis lock, SERIALIZABLE and a version check, one behind the other.

Each layer alone would be enough most of the time. The lock keeps most collisions away from the
database, serializable isolation and the version catch what the lock lets through when it expires.

Prevents: double bookings, lost updates, oversells and overlaps, also when the lock expires under
work or Redis loses its memory.
Costs: all that its parts cost, conflicts of who shares nothing among it. And it hides which part
does the work, until one is missing.
Take it: when nobody wants to answer for taking a layer away. Otherwise, find out which you need.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Attempts, Capability, RedisLock, Retry, Seconds, Strategy


@dataclass(frozen=True)
class Layered(Strategy):
    """Lock in Redis, then optimistic locking at the isolation level SERIALIZABLE."""

    ttl: Seconds = 10.0
    wait: Seconds = 5.0
    attempts: Attempts = 5

    needs = frozenset({Capability.REDIS})
    serialises = "PostgreSQL notes by whole pages of an index what was looked for in vain"

    @property
    def retry(self) -> Retry:
        """As the option says."""
        return Retry(self.attempts)

    def book(self, attempt: Attempt) -> None:
        """Book while holding the lock, if nothing has changed meanwhile."""
        lock = attempt.holding(RedisLock(self.ttl), wait=self.wait)
        with lock, attempt.transaction("SERIALIZABLE"):
            seen = attempt.versions()
            change = attempt.decide(attempt.read())
            attempt.bump(seen)
            attempt.write(change)
