"""Lock key on the wrong thing: the lock's name has the customer in it, so that no two ever meet.

Looks right: it stops the double click, which is what it was made for: one customer, twice the same
booking. In the tests, there is one customer.
Goes wrong: A and B want the same thing and hold two locks:
    A:acquire A:read B:acquire B:read B:write B:commit B:release A:write A:commit
The same comes of a key with the request's id, the worker's name, or of two spellings of one thing.
A key that is too wide is the harmless brother: all wait for all, and nothing is booked twice.
Mend it: the key is the name of what is contended for and of nothing else. In the lab, this is the
anchor's name.
"""

from dataclasses import dataclass, replace

from booking_lab import (
    Anchor,
    Anomaly,
    Attempt,
    Capability,
    RedisLease,
    RedisLock,
    Seconds,
    Servers,
    Strategy,
)


@dataclass(frozen=True)
class CustomersLock(RedisLock):
    """One Redis lock for each thing and customer.

    Attributes:
        customer: the customer.
    """

    customer: str

    def lease(self, anchor: Anchor, servers: Servers) -> RedisLease:
        """Return a lease that is not taken yet."""
        lease = super().lease(anchor, servers)
        return replace(lease, key=f"{lease.key}:{self.customer}")


@dataclass(frozen=True)
class WrongKey(Strategy):
    """Lock the customer's own key in Redis, read, decide, write, commit, unlock."""

    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    broken = True
    allows_under_faults = frozenset(
        {Anomaly.DOUBLE_BOOKING, Anomaly.LOST_UPDATE, Anomaly.OVERSELL, Anomaly.OVERLAP}
    )
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        """Book while holding the customer's lock."""
        lock = CustomersLock(self.ttl, attempt.request.customer_id)
        with attempt.holding(lock, wait=self.wait), attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.write(change)
