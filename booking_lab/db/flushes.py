"""Flush requests: every worker writes its pending rows, so that a reader finds the ledger complete.

A worker records the result of a booking before it answers, and writes the row a moment later. A
reader draws a number and notifies all workers. Each worker writes its rows and reports the number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from booking_lab.core.workload import Session

#: The channel of the notifications to workers.
CHANNEL = "booking_lab_flush"
#: Seconds that a reader waits for the workers.
WITHIN = 2.0
_POLL = 0.005
_MAX_POLL = 0.05

_ASK = "SELECT nextval('flushes')"
_ASKED = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM flushes"
_REPORT = "UPDATE workers SET flushed = greatest(flushed, %(number)s) WHERE worker = %(worker)s"
_SILENT = "SELECT worker FROM workers WHERE flushed < %(number)s ORDER BY worker"
_FORGET = """
DELETE FROM workers WHERE worker = ANY (%(silent)s)
    AND process_id NOT IN (SELECT pid FROM pg_stat_activity WHERE pid IS NOT NULL)
"""


def last_requested(session: Session) -> int:
    """Return the last number that a reader has drawn."""
    return int(session.execute(_ASKED)[0][0])


def report(session: Session, worker: str, number: int) -> None:
    """Report that ``worker`` has written all results from before ``number`` was drawn."""
    session.execute(_REPORT, {"worker": worker, "number": number})


def flush_all(
    checkout: Callable[[], AbstractContextManager[Session]], within: float = WITHIN
) -> Sequence[str]:
    """Let every worker of every instance write its ledger; return the workers that were too late.

    It waits without a connection. A worker whose connection has ended is returned once: its
    unwritten rows are lost, except those of confirmed bookings.

    Args:
        checkout: returns a context manager with a session.
        within: seconds to wait at most.
    """
    deadline, pause = time.monotonic() + within, _POLL
    with checkout() as session:
        number = int(session.execute(_ASK)[0][0])
        session.execute(f"NOTIFY {CHANNEL}")
    while True:
        with checkout() as session:
            silent = [row[0] for row in session.execute(_SILENT, {"number": number})]
            if silent and time.monotonic() > deadline:
                session.execute(_FORGET, {"silent": silent})
                return silent
        if not silent:
            return []
        time.sleep(pause)
        pause = min(2 * pause, _MAX_POLL)
