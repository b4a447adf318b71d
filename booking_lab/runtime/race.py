"""A race on demand: N bookers of one thing, who all meet between decide and write."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass

from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.lab_workload import Finding, LabWorkload
from booking_lab.core.strategy import Anomaly, worst
from booking_lab.core.verdict import Verdict
from booking_lab.core.workload import Request
from booking_lab.db.connector import Connector
from booking_lab.db.pool import Pool
from booking_lab.db.session import PostgresSession
from booking_lab.errors import RaceUnderWay, Unavailable
from booking_lab.observers.barrier import Barrier, ReleaseReason
from booking_lab.runtime.engine import BookingContext, Engine

#: Seconds after which the barrier opens whatever happens.
BARRIER_TIMEOUT = 10.0
#: Any number will do, as long as every worker of every instance takes the same.
_ADVISORY_LOCK = 0x6B00D

_BLOCKED = """
SELECT pid FROM unnest(%(pids)s) AS pid WHERE pg_blocking_pids(pid) && %(pids)s
"""


@dataclass(frozen=True)
class RaceResult:
    """How a race ended.

    Attributes:
        bookings: the bookers' bookings, in the order of the requests.
        opening: why the barrier opened.
        before: what was wrong in the scope already.
        after: what is wrong there now.
    """

    bookings: Sequence[Booking]
    release_reason: ReleaseReason
    before: Sequence[Finding]
    after: Sequence[Finding]

    @property
    def confirmed(self) -> int:
        """How many bookers were told that they have what they asked for."""
        return sum(booking.outcome is Outcome.CONFIRMED for booking in self.bookings)

    @property
    def findings(self) -> Sequence[Finding]:
        """What is wrong since the race."""
        return [finding for finding in self.after if finding not in self.before]

    @property
    def anomaly(self) -> Anomaly | None:
        """The worst anomaly that the race has made; none: it has made none."""
        wrong_before = {(finding.anomaly, finding.subject) for finding in self.before}
        return worst(
            {
                finding.anomaly
                for finding in self.findings
                if (finding.anomaly, finding.subject) not in wrong_before
            }
        )

    @property
    def verdict(self) -> Verdict:
        """What the race shows.

        What is wrong decides, not how many were confirmed: of some things, there is more than one.
        Where the same was wrong before, and only the figures have moved, nobody can tell whose
        fault it is. Without a confirmed booking, or if not all came to the barrier in time, nothing
        was put to the test.
        """
        if self.anomaly:
            return Verdict.WRONG
        if self.findings:
            return Verdict.UNKNOWN
        tested = self.confirmed and self.release_reason is not ReleaseReason.TIMED_OUT
        return Verdict.SAFE if tested else Verdict.INCONCLUSIVE


def run(
    engine: Engine,
    connector: Connector,
    workload: LabWorkload,
    requests: Sequence[Request],
    context: BookingContext,
) -> RaceResult:
    """Let all ``requests`` book at once, through ``engine``, each on a connection of its own.

    All are of one scope, and each could be booked by itself.

    Raises:
        RaceUnderWay: one runs at a time, so that the lab's connections suffice.
    """
    with connector.session() as referee:
        # Belongs to the session, so that it can't outlive a race that breaks off.
        if not referee.execute(f"SELECT pg_try_advisory_lock({_ADVISORY_LOCK})")[0][0]:
            raise RaceUnderWay
        pool = Pool("race", connector, len(requests), timeout=connector.lock_timeout)
        barrier = Barrier(len(requests))
        racing = engine.derive(pool, [barrier])
        try:
            before = _findings(referee, workload, requests)
            with ThreadPoolExecutor(len(requests), thread_name_prefix="racer") as bookers:
                # Each in the caller's context, so that spans and log lines find its trace.
                answers = [
                    bookers.submit(copy_context().run, racing.book, workload, request, context)
                    for request in requests
                ]
                release_reason = barrier.watch(
                    lambda pids: _blocked(referee, pids), BARRIER_TIMEOUT
                )
            bookings = [answer.result() for answer in answers]
            with connector.session() as auditor:  # the referee's may be gone by now
                return RaceResult(
                    bookings, release_reason, before, _findings(auditor, workload, requests)
                )
        finally:
            pool.close()
            # PostgreSQL notices the end of a session a little later, and the next race may be here.
            with suppress(Unavailable):
                referee.execute(f"SELECT pg_advisory_unlock({_ADVISORY_LOCK})")


def _findings(
    session: PostgresSession, workload: LabWorkload, requests: Sequence[Request]
) -> Sequence[Finding]:
    return workload.findings(session, workload.scope(requests[0]))


def _blocked(referee: PostgresSession, pids: Collection[int]) -> set[int]:
    try:
        rows = referee.execute(_BLOCKED, {"pids": list(pids)})
    except Unavailable:
        return set()  # nobody can tell; the barrier opens when its time is over
    return {row[0] for row in rows}
