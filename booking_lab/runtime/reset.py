"""Resets: afterwards, nothing that began before is to be seen."""

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
    """Clear ``scope``, and take it down in ``history``; return how many bookings there were.

    Every booking remembers the generation in which it began. The contended rows are marked with
    the new one in the same transaction that frees them, so that a booking under way finds them
    changed when it writes, however late that is.

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
        # Marked before it is cleared: that waits for ledgers being written, and those that come
        # later see the mark.
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
