"""TTL shorter than the work: the lock expires while its holder still works, every time.

Looks right: a short expiry means a short wait after a crash, and in the tests the work took a
millisecond.
Goes wrong: in the field it takes longer: a payment, a slow query, a pause of the garbage collector.
Nobody tells A that its lock is gone:
    A:acquire A:read expiry:A B:acquire B:read B:write B:commit B:release A:write A:commit
No expiry is long enough for certain, but one that is shorter than the work is wrong even when
nothing goes wrong. Let a crowd book with a think time of 50 ms.
Mend it: an expiry far beyond the longest work, and a bound on the work; renewing helps as long as
whoever renews isn't paused too. For certain: the database has to check, as in ``fenced``.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Capability, RedisLock, Seconds, Strategy


@dataclass(frozen=True)
class ShortTtl(Strategy):
    """Lock in Redis for a moment, read, decide, write, commit, unlock."""

    ttl: Seconds = 0.02
    wait: Seconds = 5.0

    broken = True
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        """Book while holding the Redis lock, for as long as that is."""
        with attempt.holding(RedisLock(self.ttl), wait=self.wait), attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.write(change)
