"""Resets of a scope: they clear its bookings, and bookings under way can't write any more."""

from __future__ import annotations

from contextlib import nullcontext

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.db import tallies
from booking_lab.db.session import PostgresSession
from booking_lab.errors import NotFound
from booking_lab.observers.history import HistoryRecorder
from booking_lab.observers.initial_facts import ResetRecording

_NEXT = "UPDATE lab SET generation = generation + 1 RETURNING generation"
_MARK = """
UPDATE resets SET generation = %(generation)s
WHERE workload = %(workload)s AND scope = %(scope)s RETURNING 1
"""
_FORGET = "DELETE FROM attempts WHERE workload = %(workload)s AND scope = %(scope)s"


def reset(
    session: PostgresSession, workload: LabWorkload, scope: str, history: HistoryRecorder | None
) -> int:
    """Clear ``scope``, and record it in ``history``; return the number of cleared bookings.

    Every booking keeps the generation in which it began. The transaction that frees the contended
    rows also writes the new generation into them. So a booking under way is refused when it writes,
    however late that is.

    Raises:
        NotFound: there is no such scope.
        LockTimeout: a booking held a row all the time; nothing was reset.
    """
    with history.reset(workload, scope, session) if history else nullcontext() as record:
        return _reset(session, workload, scope, record)


def _reset(
    session: PostgresSession, workload: LabWorkload, scope: str, record: ResetRecording | None
) -> int:
    session.begin()
    try:
        parameters = {
            "generation": session.execute(_NEXT)[0][0],
            "workload": workload.name,
            "scope": scope,
        }
        # The mark comes before the clearing: it waits for ledger writes in progress, and later
        # ledger writes see the new generation and leave old rows out.
        if not session.execute(_MARK, parameters):
            raise NotFound(f"There is no {scope!r} to reset among {workload.name}.")
        cleared = workload.reset(session, scope, parameters["generation"])
        tallies.forget(session, workload.name, scope)
        session.execute(_FORGET, parameters)
        if record:
            record.record_remaining()
    except BaseException:
        session.rollback()
        raise
    session.commit()
    return cleared
