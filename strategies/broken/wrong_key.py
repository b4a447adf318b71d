"""Lock key on the wrong thing: the lock's name contains the customer, so two never meet.

Looks right: it stops a double click, its purpose: one customer who books the same thing twice. The
tests have only one customer.
Goes wrong: A and B want the same thing, and hold two different locks:
    A:acquire A:read B:acquire B:read B:write B:commit B:release A:write A:commit
A key with the request's id or the worker's name has the same effect, and so have two spellings of
one thing. A key that is too wide is harmless: all bookings wait for each other, and none is double.
Mend it: take the name of the contended thing as the key, and nothing else. In the lab, this is the
name of the anchor.
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
