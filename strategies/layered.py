"""Layers: a Redis lock, SERIALIZABLE and a version check, one behind the other.

Each layer alone would be enough most of the time. The lock keeps most collisions away from the
database. Serializable isolation and the version prevent the anomalies of an expired lock.

Prevents: double bookings, lost updates, oversells and overlaps, also when the lock expires under
work or Redis loses its memory.
Costs: the costs of all parts, including conflicts between bookings that share nothing. And it hides
which part does the work, until one is missing.
Take it: when nobody wants to be responsible for the removal of a layer. Otherwise, find out which
layer you need.
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
    serialises = "PostgreSQL tracks searches without a result by whole pages of an index"

    @property
    def retry(self) -> Retry:
        """The rule that the option sets."""
        return Retry(self.attempts)

    def book(self, attempt: Attempt) -> None:
        """Book while holding the lock, if nothing has changed meanwhile."""
        lock = attempt.holding(RedisLock(self.ttl), wait=self.wait)
        with lock, attempt.transaction("SERIALIZABLE"):
            seen = attempt.versions()
            change = attempt.decide(attempt.read())
            attempt.bump(seen)
            attempt.write(change)
