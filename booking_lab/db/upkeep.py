"""The ledger's upkeep: it is added up as it grows, and what is old is let go of."""

from __future__ import annotations

import time
from collections.abc import Callable

from booking_lab.db import tallies
from booking_lab.db.pool import Pool
from booking_lab.db.session import PostgresSession

#: Seconds between two looks whether there is something to do.
EVERY = 1.0
#: Seconds that a round goes on while there is more.
_AT_A_STRETCH = 5.0


class Upkeep:
    """One worker's part in it; whoever comes first does the next batch.

    Args:
        pool: lends a connection for each batch.
        proof: finds out whether a connection lives.
        days: how long the rows of bookings stay that were not confirmed; 0: for ever.
    """

    def __init__(self, pool: Pool, proof: Callable[[PostgresSession], object], days: float) -> None:
        self._pool = pool
        self._proof = proof
        self._days = days

    def round(self) -> None:
        """Do what there is to do, for some seconds.

        Raises:
            BookingLabError: PostgreSQL doesn't answer, or not in time.
        """
        deadline = time.monotonic() + _AT_A_STRETCH
        more = True
        while more and time.monotonic() < deadline:
            with self._pool.session(self._proof) as (session, _):
                added = tallies.add_up(session)
                pruned = self._days > 0 and tallies.prune(session, self._days)
                more = added or pruned
