"""Redlock: the lock is held at most of several independent Redis servers, so that one may fail.

The key is set at every server in turn. Whoever has it at more than half, and has time left after
what the setting took and an allowance for clocks that drift, holds the lock; otherwise it is given
back everywhere. https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/

Prevents: double bookings, lost updates, oversells and overlaps, as long as every booking ends
within the expiry; also while a minority of the servers is away.
Doesn't prevent: a double booking by a booker that stalls for longer than the expiry, after a jump
of a server's clock, or after a server has come back without its memory. Redis's own page asks for
fencing tokens here.
Costs: two round trips to each of several servers that must be run.
Take it: when a lock outside of the database must survive the loss of a server, and a rare double
booking can be put right.
"""

from dataclasses import dataclass

from booking_lab import Anomaly, Attempt, Capability, Redlock, Seconds, Strategy


@dataclass(frozen=True)
class Quorum(Strategy):
    """Lock at most servers, read, decide, write, commit, unlock."""

    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    allows_under_faults = frozenset(
        {Anomaly.DOUBLE_BOOKING, Anomaly.LOST_UPDATE, Anomaly.OVERSELL, Anomaly.OVERLAP}
    )
    needs = frozenset({Capability.QUORUM})

    def book(self, attempt: Attempt) -> None:
        """Book while holding the lock at most servers; it outlives the commit."""
        with attempt.holding(Redlock(self.ttl), wait=self.wait), attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.write(change)
