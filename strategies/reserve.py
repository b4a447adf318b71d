"""Reserve: a counter in Redis admits, by an atomic decrement; PostgreSQL confirms.

A script takes the units of a booking from counters of the units left, all of them or nothing, and
records the reservation. If a counter has too few, the booking is refused without a message to
PostgreSQL. The others book by a conditional statement, so PostgreSQL decides. Units that it doesn't
confirm are given back.

Two servers can't change at the same moment: a booker that dies leaves a reservation behind, and
Redis can lose its memory. Missing counters are filled from PostgreSQL, and a reconciler repairs
wrong ones. Until then, a counter may refuse units that are free, or admit a booking that PostgreSQL
refuses.

Prevents: double bookings, lost updates, oversells and overlaps, whatever the counters say.

Doesn't prevent: a refusal while units are free, after a booker has died with units of a counter and
before the reconciler has repaired it.
Costs: two round trips to Redis, more than it saves as long as most bookings are confirmed.
Take it: when far more bookings ask than can be served, such as a hundred thousand for a thousand
tickets.
"""

from dataclasses import dataclass

from booking_lab import Anomaly, Attempt, Capability, RedisCounters, Strategy


@dataclass(frozen=True)
class Reserve(Strategy):
    """Take from the counters, then check and write."""

    allows_under_faults = frozenset({Anomaly.REFUSED_WHILE_FREE})
    needs = frozenset({Capability.REDIS, Capability.COUNTS, Capability.CONDITIONAL_WRITE})

    def book(self, attempt: Attempt) -> None:
        """Book if the counters admit it and PostgreSQL confirms it."""
        with attempt.reserved(RedisCounters()), attempt.transaction():
            attempt.write_if()
