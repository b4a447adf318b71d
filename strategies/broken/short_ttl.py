"""TTL shorter than the work: the lock expires while its holder still works, every time.

Looks right: a short expiry means a short wait after a crash, and in the tests the work took a
millisecond.
Goes wrong: in production the work takes longer: a payment, a slow query, a pause of the garbage
collector. A does not notice that its lock has expired:
    A:acquire A:read expiry:A B:acquire B:read B:write B:commit B:release A:write A:commit
No expiry is certainly long enough, but an expiry shorter than the work fails even without a fault.
To see it, let a crowd book with a think time of 50 ms.
Mend it: an expiry far beyond the longest work, and a bound on the work. A renewal helps as long as
the renewing process isn't paused too. To be certain, let the database check, as in ``fenced``.
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
        """Book while holding the Redis lock, which expires too early."""
        with attempt.holding(RedisLock(self.ttl), wait=self.wait), attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.write(change)
