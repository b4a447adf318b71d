"""Redlock: the lock is held at a majority of several independent Redis servers; one may fail.

The key is set at one server after the other. A booking holds the lock if it has set the key at more
than half of them, and if there is time left after that and after an allowance for clock drift.
Otherwise it deletes the key everywhere.
https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/

Prevents: double bookings, lost updates, oversells and overlaps, as long as every booking ends
within the expiry; also while a minority of the servers is away.
Doesn't prevent: a double booking by a booker that stalls for longer than the expiry, after a jump
of a server's clock, or after a server has come back without its memory. Redis's own page asks for
fencing tokens here.
Costs: two round trips to each of several servers, which have to be operated.
Take it: when a lock outside of the database has to survive the loss of a server, and a rare double
booking can be corrected.
"""

from dataclasses import dataclass

from booking_lab import Anomaly, Attempt, Capability, Redlock, Seconds, Strategy


@dataclass(frozen=True)
class Quorum(Strategy):
    """Lock at a majority of the servers, read, decide, write, commit, unlock."""

    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    allows_under_faults = frozenset(
        {Anomaly.DOUBLE_BOOKING, Anomaly.LOST_UPDATE, Anomaly.OVERSELL, Anomaly.OVERLAP}
    )
    needs = frozenset({Capability.QUORUM})

    def book(self, attempt: Attempt) -> None:
        """Book while holding the lock at a majority; the lock outlives the commit."""
        with attempt.holding(Redlock(self.ttl), wait=self.wait), attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.write(change)
