"""The workers that live, and whether they have seen a switch through."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from booking_lab.core.workload import Session
from booking_lab.errors import TimedOut, Unavailable

#: Seconds between two looks whether a switch has been seen through: the first, and the longest.
_POLL, _MAX_POLL = 0.01, 0.05

_REGISTER = """
INSERT INTO workers (worker, process_id, drained_epoch, flushed)
VALUES (%(worker)s, pg_backend_pid(), %(epoch)s, %(flushed)s)
ON CONFLICT (worker) DO UPDATE SET process_id = excluded.process_id, drained_epoch = %(epoch)s,
    flushed = greatest(workers.flushed, excluded.flushed)
"""
_GONE = """
DELETE FROM workers WHERE process_id NOT IN (SELECT pid FROM pg_stat_activity WHERE pid IS NOT NULL)
"""
_LIVE = """
SELECT count(*) FROM workers JOIN pg_stat_activity ON pid = process_id
WHERE starts_with(worker, %(instance)s || '/')
"""
_UNDRAINED = """
SELECT count(*) FROM workers JOIN pg_stat_activity ON pid = process_id
WHERE drained_epoch < %(epoch)s
"""


def register(session: Session, worker: str, epoch: int, flushed: int = 0) -> None:
    """Say that ``worker`` lives, on this session, and has seen the switch to ``epoch`` through.

    ``flushed`` is the number up to which it has written its ledger.
    """
    session.execute(_GONE)
    session.execute(_REGISTER, {"worker": worker, "epoch": epoch, "flushed": flushed})


def unregister(session: Session, worker: str) -> None:
    """Say that ``worker`` ends."""
    session.execute("DELETE FROM workers WHERE worker = %(worker)s", {"worker": worker})


def live_workers(session: Session, instance: str) -> int:
    """How many workers of ``instance`` have registered and live."""
    return int(session.execute(_LIVE, {"instance": instance})[0][0])


def wait_drained(
    lend: Callable[[], AbstractContextManager[Session]], epoch: int, timeout: float
) -> bool:
    """Wait until no live worker has a booking of an epoch before ``epoch`` under way.

    No connection is held while it waits, and that none is to be had for now ends nothing: what was
    switched is switched.

    Args:
        lend: lends a connection for a look.
        epoch: the epoch.
        timeout: seconds to wait at most.

    Returns:
        Whether they were all done in time.
    """
    deadline, pause = time.monotonic() + timeout, _POLL
    while True:
        with suppress(TimedOut, Unavailable), lend() as session:
            if not session.execute(_UNDRAINED, {"epoch": epoch})[0][0]:
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(2 * pause, _MAX_POLL)
