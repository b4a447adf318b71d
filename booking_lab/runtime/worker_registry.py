"""The registry of live workers, with the last switch that each of them has drained."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from booking_lab.core.workload import Session
from booking_lab.errors import TimedOut, Unavailable

#: Seconds between two checks whether a switch is drained: the first pause, and the longest.
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
    """Register ``worker`` as alive on this session, and the switch to ``epoch`` as drained.

    Args:
        session: the session of the worker; it is alive as long as the session exists.
        worker: the worker, as ``instance/pid``.
        epoch: the epoch; the worker has no older bookings under way.
        flushed: the number of the last flush request that the worker has served.
    """
    session.execute(_GONE)
    session.execute(_REGISTER, {"worker": worker, "epoch": epoch, "flushed": flushed})


def unregister(session: Session, worker: str) -> None:
    """Remove ``worker``, which ends."""
    session.execute("DELETE FROM workers WHERE worker = %(worker)s", {"worker": worker})


def live_workers(session: Session, instance: str) -> int:
    """Return the number of live workers of ``instance``."""
    return int(session.execute(_LIVE, {"instance": instance})[0][0])


def wait_drained(
    checkout: Callable[[], AbstractContextManager[Session]], epoch: int, timeout: float
) -> bool:
    """Wait until no live worker has a booking of an epoch before ``epoch`` under way.

    It waits without a connection. If none can be had for a check, the wait goes on: the switch
    itself is committed.

    Args:
        checkout: returns a context manager with a session for one check.
        epoch: the epoch.
        timeout: seconds to wait at most.

    Returns:
        Whether all of these bookings ended in time.
    """
    deadline, pause = time.monotonic() + timeout, _POLL
    while True:
        with suppress(TimedOut, Unavailable), checkout() as session:
            if not session.execute(_UNDRAINED, {"epoch": epoch})[0][0]:
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(2 * pause, _MAX_POLL)
