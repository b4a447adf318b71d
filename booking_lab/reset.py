"""Resets: afterwards, nothing that began before is to be seen."""

from __future__ import annotations

from booking_lab.db.session import Session
from booking_lab.errors import EventNotFound
from booking_lab.workloads.base import LabWorkload

_NEXT = "UPDATE lab SET generation = generation + 1 RETURNING generation"
_MARK = """
UPDATE resets SET generation = %(generation)s
WHERE workload = %(workload)s AND scope = %(scope)s RETURNING 1
"""
_FORGET = "DELETE FROM attempts WHERE workload = %(workload)s AND scope = %(scope)s"


def reset(session: Session, workload: LabWorkload, scope: str) -> int:
    """Clear ``scope``; return how many bookings there were.

    Every booking remembers the generation in which it began. The contended rows are marked with
    the new one in the same transaction that frees them, so that a booking under way finds them
    changed when it writes, however late that is.

    Raises:
        EventNotFound: there is no such scope.
        LockTimeout: a booking held a row all the time; nothing was reset.
    """
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
            raise EventNotFound(f"There is no event {scope}; GET /events lists them.")
        cleared = workload.reset(session, scope, parameters["generation"])
        session.execute(_FORGET, parameters)
    except BaseException:
        session.rollback()
        raise
    session.commit()
    return cleared
