"""The ledger's upkeep: it is added up as it grows."""

from __future__ import annotations

import time
from collections.abc import Callable

from booking_lab.db import tallies
from booking_lab.db.pool import Pool
from booking_lab.db.session import Session

#: Seconds between two looks whether there is something to do.
EVERY = 2.0
#: Seconds that a round goes on while there is more.
_AT_A_STRETCH = 1.0


class Upkeep:
    """One worker's part in it; whoever comes first does the next batch.

    Args:
        pool: lends a connection for each batch.
        proof: finds out whether a connection lives.
    """

    def __init__(self, pool: Pool, proof: Callable[[Session], object]) -> None:
        self._pool = pool
        self._proof = proof

    def round(self) -> None:
        """Do what there is to do, for a second or so.

        Raises:
            BookingLabError: PostgreSQL doesn't answer, or not in time.
        """
        deadline = time.monotonic() + _AT_A_STRETCH
        more = True
        while more and time.monotonic() < deadline:
            with self._pool.session(self._proof) as (session, _):
                more = tallies.add_up(session)
