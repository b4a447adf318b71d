"""Asks every worker to write its ledger, so that whoever reads it finds it complete.

A worker takes down how a booking was answered before it answers, and writes that a moment later.
A reader draws a number and tells all workers; each writes what it has and says up to which number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from booking_lab.core.workload import Session

#: The channel on which workers hear that somebody wants to read.
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
    """The last number that a reader has drawn."""
    return int(session.execute(_ASKED)[0][0])


def report(session: Session, worker: str, number: int) -> None:
    """Say that ``worker`` has written all that was answered before ``number`` was drawn."""
    session.execute(_REPORT, {"worker": worker, "number": number})


def flush_all(
    lend: Callable[[], AbstractContextManager[Session]], within: float = WITHIN
) -> Sequence[str]:
    """Have every worker of every instance write its ledger; return those that did not in time.

    No connection is held while it waits. A worker whose connection has ended is named once: what
    it had not written is lost, but for its confirmed bookings.

    Args:
        lend: lends a connection.
        within: seconds to wait at most.
    """
    deadline, pause = time.monotonic() + within, _POLL
    with lend() as session:
        number = int(session.execute(_ASK)[0][0])
        session.execute(f"NOTIFY {CHANNEL}")
    while True:
        with lend() as session:
            silent = [row[0] for row in session.execute(_SILENT, {"number": number})]
            if silent and time.monotonic() > deadline:
                session.execute(_FORGET, {"silent": silent})
                return silent
        if not silent:
            return []
        time.sleep(pause)
        pause = min(2 * pause, _MAX_POLL)
