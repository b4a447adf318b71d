"""The ledger of bookings: one row each in ``attempts``, whatever became of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.workload import Session

#: ``attempts`` as a row of JSON, so that one row or a thousand are one parameter.
_INSERT = "INSERT INTO attempts SELECT (jsonb_populate_record(NULL::attempts, %(row)s)).*"

#: What began before its scope was reset stays out. FOR SHARE waits for a reset under way and then
#: looks again at the row that it left.
_INSERT_LATE = """
INSERT INTO attempts
SELECT late.* FROM jsonb_populate_recordset(NULL::attempts, %(rows)s) AS late
JOIN resets ON resets.workload = late.workload AND resets.scope = late.scope
           AND resets.generation <= late.generation
ORDER BY late.id FOR SHARE OF resets
ON CONFLICT (id) DO UPDATE SET
    answered = excluded.answered, tries = excluded.tries, waited_ms = excluded.waited_ms,
    held_ms = excluded.held_ms, total_ms = excluded.total_ms
"""

#: Rows that wait for a database that is away; the oldest go when there are more.
MOST_PENDING = 100_000
_BATCH = 500


@dataclass(frozen=True)
class Confirmation:
    """The row that says a booking is confirmed; part of the booking's own transaction.

    Its times run up to COMMIT; the final ones follow with the answer.
    """

    booking: Booking

    def statement(self) -> tuple[str, Mapping[str, object]]:
        """The INSERT and its parameters."""
        return _INSERT, {"row": json.dumps(_row(self.booking, outcome=Outcome.CONFIRMED))}


class Ledger:
    """Collects how bookings were answered and writes them in batches.

    Thread-safe. ``flush`` is called by the worker's housekeeping and at an orderly stop.
    """

    def __init__(self) -> None:
        self._pending: list[dict[str, object]] = []
        self._lock = threading.Lock()
        self.dropped = 0

    def close(self, booking: Booking) -> None:
        """Take down how ``booking`` was answered."""
        row = _row(booking, outcome=booking.outcome, answered=booking.outcome)
        with self._lock:
            self._pending.append(row)
            if len(self._pending) > MOST_PENDING:
                del self._pending[0]
                self.dropped += 1

    def flush(self, session: Session) -> int:
        """Write all that is pending; return how many rows. Keeps them if the database fails."""
        written = 0
        while batch := self._take():
            try:
                session.execute(_INSERT_LATE, {"rows": json.dumps(batch)})
            except BaseException:
                with self._lock:
                    self._pending[:0] = batch
                raise
            written += len(batch)
        return written

    def _take(self) -> list[dict[str, object]]:
        with self._lock:
            batch, self._pending = self._pending[:_BATCH], self._pending[_BATCH:]
        return batch


def settle(session: Session, booking: Booking) -> bool:
    """Find out whether a booking stands whose COMMIT was never answered.

    Inserts the booking's row as failed. If its transaction is still open, the unique key makes
    the INSERT wait for it; if it has committed, the INSERT finds its row; if not, the row is ours
    now, and the transaction can never commit any more, for it would need the same key.

    Returns whether it is confirmed.

    Raises:
        LockTimeout: its transaction is still open.
    """
    row = json.dumps(_row(booking, outcome=Outcome.ERROR))
    inserted = session.execute(f"{_INSERT} ON CONFLICT (id) DO NOTHING RETURNING id", {"row": row})
    if inserted:
        return False
    stands = "SELECT 1 FROM attempts WHERE id = %(id)s::uuid AND outcome = 'confirmed'"
    return bool(session.execute(stands, {"id": str(booking.request.id)}))


def _row(
    booking: Booking, *, outcome: Outcome | None, answered: Outcome | None = None
) -> dict[str, object]:
    request, timing = booking.request, booking.timing
    return {
        "id": str(request.id),
        "workload": booking.workload.name,
        "scope": booking.workload.scope(request),
        "subject": booking.workload.subject(request),
        "customer_id": request.customer_id,
        "strategy": booking.strategy.name,
        "options": booking.options,
        "epoch": booking.epoch,
        "generation": request.generation,
        "outcome": outcome,
        "answered": answered,
        "code": booking.code,
        "tries": booking.tries,
        "waited_ms": timing.waited * 1000,
        "held_ms": timing.held * 1000,
        "total_ms": None if timing.total is None else timing.total * 1000,
        "worker": booking.worker,
        "trace_id": booking.trace_id,
        "started_at": booking.started_at.isoformat(),
    }
