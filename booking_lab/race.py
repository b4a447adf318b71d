"""A race on demand: N bookers of one thing, who all meet between decide and write."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.workload import Request, Workload
from booking_lab.db.pool import Connector, Pool
from booking_lab.db.session import Session
from booking_lab.engine import Engine, Wish
from booking_lab.errors import RaceUnderWay
from booking_lab.observers.barrier import Barrier, Opening

#: Seconds after which the barrier opens whatever happens.
LET_GO_AFTER = 10.0
#: Any number will do, as long as every worker of every instance takes the same.
_ADVISORY_LOCK = 0x6B00D

_BLOCKED = """
SELECT pid FROM unnest(%(pids)s) AS pid WHERE pg_blocking_pids(pid) && %(pids)s
"""


@dataclass(frozen=True)
class Race:
    """How a race ended.

    Attributes:
        bookings: the bookers' bookings, in the order of the requests.
        opening: why the barrier opened.
    """

    bookings: Sequence[Booking]
    opening: Opening

    @property
    def confirmed(self) -> int:
        """How many bookers were told that the one thing is theirs."""
        return sum(booking.outcome is Outcome.CONFIRMED for booking in self.bookings)

    @property
    def verdict(self) -> str:
        """What the race shows."""
        if self.confirmed > 1:
            return "double booking"
        if self.confirmed == 1 and self.opening is not Opening.TIMED_OUT:
            return "safe"
        return "inconclusive"


def run(
    engine: Engine,
    connector: Connector,
    workload: Workload,
    requests: Sequence[Request],
    wish: Wish,
) -> Race:
    """Let all ``requests`` book at once, through ``engine``, each on a connection of its own.

    Raises:
        RaceUnderWay: one runs at a time, so that the lab's connections suffice.
    """
    with connector.session() as referee:
        # Belongs to the session, which ends with the race; so nobody needs to unlock it.
        if not referee.execute(f"SELECT pg_try_advisory_lock({_ADVISORY_LOCK})")[0][0]:
            raise RaceUnderWay
        pool = Pool("race", connector, len(requests), timeout=connector.lock_timeout)
        barrier = Barrier(len(requests))
        racing = engine.with_(pool, [barrier])
        try:
            with ThreadPoolExecutor(len(requests), thread_name_prefix="racer") as bookers:
                # Each in the caller's context, so that spans and log lines find its trace.
                answers = [
                    bookers.submit(copy_context().run, racing.book, workload, request, wish)
                    for request in requests
                ]
                opening = barrier.watch(lambda pids: _blocked(referee, pids), LET_GO_AFTER)
            return Race([answer.result() for answer in answers], opening)
        finally:
            pool.close()


def _blocked(referee: Session, pids: Collection[int]) -> set[int]:
    return {row[0] for row in referee.execute(_BLOCKED, {"pids": list(pids)})}
