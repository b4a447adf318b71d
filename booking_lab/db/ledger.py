"""The ledger of bookings: each has one row in ``attempts``, whatever its result is."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg2
from pydantic_core import to_json

from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.statement import Statement
from booking_lab.core.workload import Request, Session, customer_fields
from booking_lab.errors import BookingLabError, Refused

log = logging.getLogger(__name__)

_COLUMNS = (
    "id, workload, scope, subject, action, customer_id, strategy, options, epoch, generation, "
    "outcome, answered, code, tries, waited_ms, held_ms, total_ms, worker, trace_id, started_at, "
    "booking, rests_on, asked"
)

#: The rows are one JSON parameter, whether there is one row or a thousand. Values that the bookings
#: of a transaction have in common are sent once.
_INSERT = Statement(f"""
INSERT INTO attempts ({_COLUMNS}) SELECT {_COLUMNS} FROM json_populate_recordset(
    json_populate_record(NULL::attempts, %(common)s), %(rows)s)
""")

#: Bookings that began before the last reset of their scope are left out. FOR SHARE waits for a
#: reset under way, and then reads the row as the reset left it.
_INSERT_LATE = f"""
INSERT INTO attempts ({_COLUMNS})
SELECT {", ".join(f"late.{name}" for name in _COLUMNS.split(", "))}
FROM json_populate_recordset(NULL::attempts, %(rows)s) AS late
JOIN resets ON resets.workload = late.workload AND resets.scope = late.scope
           AND resets.generation <= late.generation
ORDER BY late.id FOR SHARE OF resets
ON CONFLICT (id) DO UPDATE SET
    answered = excluded.answered, tries = excluded.tries, waited_ms = excluded.waited_ms,
    held_ms = excluded.held_ms, total_ms = excluded.total_ms
"""

#: A confirmed booking has its row already, without the values from after COMMIT. FOR SHARE as
#: above: a reset deletes rows in another order.
_UPDATE = """
WITH told AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s) AS told (
        id uuid, tries integer, waited_ms double precision, held_ms double precision,
        total_ms double precision)
), there AS MATERIALIZED (
    SELECT told.* FROM told JOIN attempts USING (id) JOIN resets USING (workload, scope)
    ORDER BY id FOR SHARE OF resets
)
UPDATE attempts SET
    answered = 'confirmed', tries = there.tries, waited_ms = there.waited_ms,
    held_ms = there.held_ms, total_ms = there.total_ms
FROM there WHERE attempts.id = there.id
"""

#: Rows that a worker keeps in memory by default while the database is away.
MAX_PENDING = 100_000
_BATCH = 500

#: Errors about a row that can never be written.
_UNFIT = (psycopg2.DataError, psycopg2.IntegrityError, Refused)
#: Errors of a database that can't write any row now.
_FAILED = (psycopg2.Error, BookingLabError)


@dataclass(frozen=True)
class ConfirmedRows:
    """The ledger's rows of confirmed bookings, written in the transaction of the bookings.

    The times in them end at COMMIT. The final times are written after the answer.
    """

    bookings: Sequence[Booking]

    def statement(self) -> tuple[str, Mapping[str, object]]:
        """Return the INSERT and its parameters."""
        return _INSERT, _inserted(self.bookings, Outcome.CONFIRMED)


class Ledger:
    """Collects the results of bookings, and writes them in batches. Thread-safe.

    The worker's housekeeping calls ``flush``, also at an orderly stop.

    Args:
        most: pending rows at most; if there are more, the oldest are lost.
    """

    def __init__(self, most: int = MAX_PENDING) -> None:
        self._most = most
        self._pending: deque[Booking] = deque()
        self._lost = 0
        self._lock = threading.Lock()

    def record(self, booking: Booking) -> None:
        """Record the result of ``booking``; ``flush`` writes it."""
        with self._lock:
            self._pending.append(booking)
            self._trim()

    def flush(self, session: Session) -> None:
        """Write all pending rows. They stay pending if the database fails; an unfit row is lost."""
        self._log_lost()
        while batch := self._next_batch():
            try:
                self._write(session, batch)
            except BaseException:
                with self._lock:
                    self._pending.extendleft(reversed(batch))
                    self._trim()
                raise

    def _write(self, session: Session, batch: Sequence[Booking]) -> None:
        try:
            _send(session, batch)
        except Exception as error:
            # Any other error is about a row, such as a value that JSON can't represent.
            if isinstance(error, _FAILED) and not isinstance(error, _UNFIT):
                raise
            if len(batch) > 1:
                for one in batch:
                    self._write(session, [one])  # so that only the unfit row is lost
                return
            reason = str(error).partition("\n")[0]
            log.error(
                "a row of the ledger is lost: %s", reason, extra={"trace_id": batch[0].trace_id}
            )

    def _trim(self) -> None:
        while len(self._pending) > self._most:
            self._pending.popleft()
            self._lost += 1

    def _log_lost(self) -> None:
        with self._lock:
            lost, self._lost = self._lost, 0
        if lost:
            log.error("rows of the ledger are lost: %d more than it keeps", lost)

    def _next_batch(self) -> list[Booking]:
        with self._lock:
            return [self._pending.popleft() for _ in range(min(_BATCH, len(self._pending)))]


def _send(session: Session, bookings: Sequence[Booking]) -> None:
    confirmed = [_times(one) for one in bookings if one.outcome is Outcome.CONFIRMED]
    others = [
        {**_common(one, one.outcome), **_own(one), "answered": one.outcome}
        for one in bookings
        if one.outcome is not Outcome.CONFIRMED
    ]
    for statement, rows in ((_UPDATE, confirmed), (_INSERT_LATE, others)):
        if rows:
            session.execute(statement, {"rows": _as_json(rows)})


def outcome_of_lost_commit(session: Session, booking: Booking) -> bool:
    """Find out whether a booking is committed if the answer to its COMMIT was lost.

    This inserts the booking's row as failed. If the transaction is still open, the unique key makes
    the INSERT wait for it. If it has committed, the INSERT finds its row. Otherwise the INSERT
    succeeds, and the transaction can't commit any more, because it needs the same key.

    Returns:
        Whether the booking is confirmed.

    Raises:
        LockTimeout: the transaction is still open.
    """
    inserted = session.execute(
        f"{_INSERT} ON CONFLICT (id) DO NOTHING RETURNING id", _inserted([booking], Outcome.ERROR)
    )
    if inserted:
        return False
    stands = "SELECT 1 FROM attempts WHERE id = %(id)s::uuid AND outcome = 'confirmed'"
    return bool(session.execute(stands, {"id": str(booking.request.id)}))


def _inserted(bookings: Sequence[Booking], outcome: Outcome) -> dict[str, object]:
    """Return the parameters of the INSERT for bookings of one transaction."""
    common, rows = _common(bookings[0], outcome), [_own(booking) for booking in bookings]
    return {"common": _as_json(common), "rows": _as_json(rows)}


def _common(booking: Booking, outcome: Outcome | None) -> dict[str, object]:
    """Return the values that the rows of one transaction have in common."""
    return {
        "workload": booking.workload.name,
        "strategy": booking.strategy.name,
        "options": booking.options,
        "epoch": booking.epoch,
        "generation": booking.request.generation,
        "outcome": outcome,
        "worker": booking.worker,
    }


def _own(booking: Booking) -> dict[str, object]:
    """Return the values of a booking's own."""
    request = booking.request
    return {
        "scope": booking.scope,
        "subject": booking.subject,
        "action": request.action,
        "customer_id": request.customer_id,
        "code": booking.code,
        "trace_id": booking.trace_id,
        "started_at": booking.started_at,
        **_times(booking),
        **(_changed(request) if request.replaces else {}),
    }


def _changed(request: Request) -> dict[str, object]:
    """Return the further values of a move or a cancellation."""
    holds = {name: getattr(request, name) for name in customer_fields(request)}
    return {
        "booking": request.replaces,
        "rests_on": request.rests_on,
        "asked": None if request.action == "cancel" else holds,
    }


def _times(booking: Booking) -> dict[str, object]:
    timing = booking.timing
    return {
        "id": booking.request.id,
        "tries": booking.tries,
        "waited_ms": timing.waited * 1000,
        "held_ms": timing.held * 1000,
        "total_ms": None if timing.total is None else timing.total * 1000,
    }


def _as_json(value: object) -> str:
    # Several times as fast as the standard library; every booking calls it twice.
    return to_json(value).decode()
