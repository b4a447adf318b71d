"""A race on demand: several bookers of one thing, stopped by a barrier between decide and write."""

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

#: Seconds after which the barrier opens in any case.
BARRIER_TIMEOUT = 10.0
#: Any number, if all workers of all instances take the same one.
_ADVISORY_LOCK = 0x6B00D

_BLOCKED = """
SELECT pid FROM unnest(%(pids)s) AS pid WHERE pg_blocking_pids(pid) && %(pids)s
"""


@dataclass(frozen=True)
class RaceResult:
    """The result of a race.

    Attributes:
        bookings: the bookings, in the order of the requests.
        release_reason: the reason why the barrier opened.
        before: the audit's findings in the scope before the race.
        after: the audit's findings in the scope after the race.
    """

    bookings: Sequence[Booking]
    release_reason: ReleaseReason
    before: Sequence[Finding]
    after: Sequence[Finding]

    @property
    def confirmed(self) -> int:
        """The number of confirmed bookings."""
        return sum(booking.outcome is Outcome.CONFIRMED for booking in self.bookings)

    @property
    def findings(self) -> Sequence[Finding]:
        """The findings that are new since the race."""
        return [finding for finding in self.after if finding not in self.before]

    @property
    def anomaly(self) -> Anomaly | None:
        """The worst anomaly that the race has caused; none if there is none."""
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
        """The verdict on the race.

        The audit decides, and not the number of confirmed bookings: there is more than one of some
        things. If an anomaly existed before and only its numbers have changed, the cause is not
        known. Nothing was tested without a confirmed booking, or if the barrier opened by timeout.
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
    """Book all ``requests`` at once, each on a connection of its own.

    Args:
        engine: the engine to book with.
        connector: opens the connections of the race.
        workload: the workload.
        requests: the requests, all of one scope; each could be booked alone.
        context: the trace id and the strategy.

    Raises:
        RaceUnderWay: another race is running. One race at a time limits the number of connections.
    """
    with connector.session() as referee:
        # A lock of the session, so that it ends with a race that is aborted.
        if not referee.execute(f"SELECT pg_try_advisory_lock({_ADVISORY_LOCK})")[0][0]:
            raise RaceUnderWay
        pool = Pool("race", connector, len(requests), timeout=connector.lock_timeout)
        barrier = Barrier(len(requests))
        racing = engine.derive(pool, [barrier])
        try:
            before = _findings(referee, workload, requests)
            with ThreadPoolExecutor(len(requests), thread_name_prefix="racer") as bookers:
                # Each runs in the caller's context, so that spans and log lines find the trace.
                answers = [
                    bookers.submit(copy_context().run, racing.book, workload, request, context)
                    for request in requests
                ]
                release_reason = barrier.watch(
                    lambda pids: _blocked(referee, pids), BARRIER_TIMEOUT
                )
            bookings = [answer.result() for answer in answers]
            with connector.session() as auditor:  # the referee's session may be lost by now
                return RaceResult(
                    bookings, release_reason, before, _findings(auditor, workload, requests)
                )
        finally:
            pool.close()
            # PostgreSQL notices the end of a session a little later; a new race may begin before.
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
        return set()  # unknown; the barrier opens by its timeout
    return {row[0] for row in rows}
