"""Repairs counters outside PostgreSQL from the tables in PostgreSQL.

The right value of a counter is the number of units left in PostgreSQL, minus the reservations that
are not confirmed yet. A counter is wrong if a booker died between two messages, or if a booking
bypassed the counters.

Guarantees: nothing is oversold, because PostgreSQL confirms every booking, whatever its counter
shows. No unit is lost for ever: each round sets some counters to their right value, and drops old
reservations that were never confirmed. Until then, a counter may refuse units that are free. A
counter that changes during its repair is left for another round, so that no booking under way is
counted twice or not at all. If a booker stalls for longer than the bound, its units may go to
another booker; then PostgreSQL decides between the two.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from booking_lab.core.workload import Session
from booking_lab.db.pool import Pool
from booking_lab.errors import TimedOut, Unavailable
from booking_lab.locks import redis_counters
from booking_lab.locks.redis_counters import CounterSnapshot
from booking_lab.observers.metrics import REPAIRED
from booking_lab.runtime import selection

log = logging.getLogger(__name__)

#: Seconds after which the booker of a reservation counts as dead: longer than the waits of a
#: booking for locks and statements.
LEFT_BEHIND_AFTER = 30.0
#: Seconds between two rounds.
EVERY = 0.25
#: Counters of a round; they are random, so that several workers share the work.
_EACH_ROUND = 16

_CONFIRMED = """
SELECT id::text FROM attempts WHERE id = ANY(%(ids)s::uuid[]) AND outcome = 'confirmed'
"""


class Reconciler:
    """Repairs some counters in each round.

    It works under every strategy: single bookings can have a strategy with counters, and bookings
    under other strategies bypass the counters.

    Args:
        redis: the Redis client.
        workloads: the workloads that can be counted, by name.
        pool: the pool for the connections; none is held while Redis is asked.
        lab: returns the identity of the lab whose counters are repaired.
        left_behind_after: seconds after which a reservation without a confirmation is dropped.
    """

    def __init__(
        self,
        redis: Any,
        workloads: Mapping[str, Any],
        pool: Pool,
        lab: Callable[[], str],
        left_behind_after: float = LEFT_BEHIND_AFTER,
    ) -> None:
        self._redis = redis
        self._workloads = workloads
        self._pool = pool
        self._lab = lab
        self._left_behind_after = left_behind_after
        self._failing: set[str] = set()

    def round(self) -> int:
        """Repair some counters; return the number of repaired counters and dropped reservations.

        If one counter can't be repaired, that is logged, and the others are repaired.

        Raises:
            Unavailable: Redis or PostgreSQL doesn't answer.
        """
        with self._pool.session(selection.read) as (_, current):
            generation = current.generation
        counters = redis_counters.sample(self._redis, self._lab(), generation, _EACH_ROUND)
        counted = [one for one in counters if one.workload in self._workloads]
        if not counted:
            return 0
        with self._pool.session(selection.read) as (session, _):
            actuals = [(one, self._actual_state_or_none(session, one)) for one in counted]
        return sum(self._repair(one, *actual) for one, actual in actuals if actual)

    def _actual_state_or_none(
        self, session: Session, counter: CounterSnapshot
    ) -> tuple[int, set[str]] | None:
        name = counter.anchor.name
        try:
            actual = self._actual_state(session, counter)
        except (Unavailable, TimedOut):
            raise
        except Exception:  # a workload's bug
            if name not in self._failing:
                log.exception("the counter of %s can't be repaired", name)
                self._failing.add(name)
            return None
        self._failing.discard(name)
        return actual

    def _repair(self, counter: CounterSnapshot, left: int, confirmed: Collection[str]) -> int:
        forgotten = [
            booking
            for booking, (_, age) in counter.reservations.items()
            if age >= self._left_behind_after
        ]
        # Taken units count until PostgreSQL has them. Freed units count when the booker confirms.
        right = left - sum(
            max(-units if booking in confirmed else units, 0)
            for booking, (units, _) in counter.reservations.items()
            if booking not in forgotten
        )
        if right == counter.left and not forgotten:
            return 0
        if not redis_counters.repair(self._redis, counter, right, forgotten):
            return 0
        log.info("%s was %s and is %s", counter.anchor.name, counter.left, right)
        REPAIRED.labels(counter.workload).inc(max(len(forgotten), 1))
        return max(len(forgotten), 1)

    def _actual_state(self, session: Session, counter: CounterSnapshot) -> tuple[int, set[str]]:
        """Return the units left by PostgreSQL, and the reservations that are included already."""
        # One snapshot: a booking that commits between two statements would be in one result only.
        session.begin("REPEATABLE READ")
        try:
            rows = session.execute(_CONFIRMED, {"ids": list(counter.reservations)})
            left = self._workloads[counter.workload].left(session, counter.anchor)
        finally:
            session.rollback()
        return left, {row[0] for row in rows}
