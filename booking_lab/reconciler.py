"""Sets right the counters outside PostgreSQL, by what PostgreSQL says.

A counter should show what PostgreSQL says is left, less the reservations that it has not confirmed
yet. It doesn't if a booker died between two messages, or if something was booked past the counters.

What is guaranteed: nothing is ever sold that isn't there, since PostgreSQL confirms every booking,
whatever its counter says. No unit is lost for ever: each round sets some counters to what they
should show, and a reservation that is old and was never confirmed doesn't count. Until then, what
is free may be refused. A counter that changes while it is looked at is left for another round, so
no booking under way is counted twice or not at all. A booker that stalls for longer than the bound
may find its place given away; then PostgreSQL decides between the two.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from booking_lab import selection
from booking_lab.core.capability import Capability
from booking_lab.core.workload import Session
from booking_lab.locks import redis_counters
from booking_lab.locks.redis_counters import Counter
from booking_lab.observers.metrics import REPAIRED
from booking_lab.registry import Registry

log = logging.getLogger(__name__)

#: Seconds after which a reservation is taken for one of a booker that died: longer than the waits
#: of a booking for locks and statements.
LEFT_BEHIND_AFTER = 30.0
#: Counters of a round, drawn by chance, so that several workers share the work.
_EACH_ROUND = 16

_CONFIRMED = """
SELECT id::text FROM attempts WHERE id = ANY(%(ids)s::uuid[]) AND outcome = 'confirmed'
"""


class Reconciler:
    """Repairs counters, some in each round.

    Args:
        redis: the client; none: there is nothing to repair.
        workloads: those that can be counted, by name.
        registry: says what the current strategy needs.
        left_behind_after: seconds after which a reservation without a confirmation is dropped.
    """

    def __init__(
        self,
        redis: Any,
        workloads: Mapping[str, Any],
        registry: Registry,
        left_behind_after: float = LEFT_BEHIND_AFTER,
    ) -> None:
        self._redis = redis
        self._workloads = workloads
        self._registry = registry
        self._left_behind_after = left_behind_after
        self._failing = False

    def round(self, session: Session) -> None:
        """Repair if the current strategy counts; what fails is tried again in the next round."""
        if self._redis is None:
            return
        try:
            current = selection.read(session)
            _, strategy = self._registry.selected(current)
            if Capability.COUNTS in strategy.needs:
                self.repair(session, current.generation)
            self._failing = False
        except Exception as error:  # a workload's bug must not end the housekeeping
            if not self._failing:
                log.warning("counters can't be repaired: %r", error)
            self._failing = True

    def repair(self, session: Session, generation: int) -> int:
        """Repair some counters; return how many reservations and counters were put right.

        Raises:
            Unavailable: Redis or PostgreSQL doesn't answer.
        """
        counters = redis_counters.some(self._redis, generation, _EACH_ROUND)
        return sum(
            self._repair(session, generation, counter)
            for counter in counters
            if counter.workload in self._workloads
        )

    def _repair(self, session: Session, generation: int, counter: Counter) -> int:
        left, confirmed = self._truth(session, counter)
        forgotten = [
            booking
            for booking, (_, age) in counter.reservations.items()
            if age >= self._left_behind_after
        ]
        # What is taken counts until PostgreSQL has it; what is freed, once its booker says so.
        right = left - sum(
            max(-units if booking in confirmed else units, 0)
            for booking, (units, _) in counter.reservations.items()
            if booking not in forgotten
        )
        if right == counter.left and not forgotten:
            return 0
        if not redis_counters.repair(self._redis, generation, counter, right, forgotten):
            return 0
        log.info("%s was %s and is %s", counter.anchor.name, counter.left, right)
        REPAIRED.labels(counter.workload).inc(max(len(forgotten), 1))
        return max(len(forgotten), 1)

    def _truth(self, session: Session, counter: Counter) -> tuple[int, set[str]]:
        """What PostgreSQL says is left, and which reservations are in that already."""
        # One snapshot: a booking that commits between two statements were in one and not the other.
        session.begin("REPEATABLE READ")
        try:
            rows = session.execute(_CONFIRMED, {"ids": list(counter.reservations)})
            left = self._workloads[counter.workload].left(session, counter.anchor)
        finally:
            session.rollback()
        return left, {row[0] for row in rows}
