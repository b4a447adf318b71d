"""Reserve: a counter in Redis admits, by an atomic decrement; PostgreSQL confirms.

A script takes what the booking needs from the counters of what is left, all of it or nothing, and
records the reservation. Whoever finds too little there is refused without having seen PostgreSQL.
The others book by a conditional statement, so PostgreSQL has the last word. What it doesn't confirm
is given back.

Two servers can't change at once: a booker that dies leaves a reservation behind, and Redis can lose
its memory. Counters that aren't there are filled from PostgreSQL, and a reconciler sets right those
that are wrong. Until then, a counter may refuse what is free, or admit what isn't; then PostgreSQL
refuses.

Prevents: double bookings, lost updates, oversells and overlaps, whatever the counters say.

Doesn't prevent: a refusal of what is free, once a booker has died with what it took from a counter,
until the reconciler has been there.
Costs: two round trips to Redis, more than it saves as long as most bookings are confirmed.
Take it: when far more ask than can have, such as a hundred thousand for a thousand tickets.
"""

from dataclasses import dataclass

from booking_lab import Anomaly, Attempt, Capability, RedisCounters, Strategy


@dataclass(frozen=True)
class Reserve(Strategy):
    """Take from the counters, then check and write."""

    allows_under_faults = frozenset({Anomaly.REFUSED_WHILE_FREE})
    needs = frozenset({Capability.REDIS, Capability.COUNTS, Capability.CONDITIONAL_WRITE})

    def book(self, attempt: Attempt) -> None:
        """Book what the counters have admitted, if PostgreSQL agrees."""
        with attempt.reserved(RedisCounters()), attempt.transaction():
            attempt.write_if()
