"""Upkeep of the ledger: adds up new rows, and deletes old ones."""

from __future__ import annotations

import time
from collections.abc import Callable

from booking_lab.db import tallies
from booking_lab.db.pool import Pool
from booking_lab.db.session import PostgresSession

#: Seconds between two rounds.
EVERY = 1.0
#: Seconds that a round takes at most; the next one goes on.
_AT_A_STRETCH = 5.0


class Upkeep:
    """The upkeep by one worker; all workers share the work batch by batch.

    Args:
        pool: the pool for the connections; each batch takes one.
        liveness_check: the first statement on each connection.
        days: days that the rows of unconfirmed bookings stay; 0: for ever.
    """

    def __init__(
        self, pool: Pool, liveness_check: Callable[[PostgresSession], object], days: float
    ) -> None:
        self._pool = pool
        self._liveness_check = liveness_check
        self._days = days

    def round(self) -> None:
        """Add up and delete rows until nothing is left to do, for some seconds at most.

        Raises:
            BookingLabError: PostgreSQL doesn't answer, or not in time.
        """
        deadline = time.monotonic() + _AT_A_STRETCH
        more = True
        while more and time.monotonic() < deadline:
            with self._pool.session(self._liveness_check) as (session, _):
                added = tallies.add_up(session)
                pruned = self._days > 0 and tallies.prune(session, self._days)
                more = added or pruned
