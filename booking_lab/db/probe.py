"""The health check of PostgreSQL: a quick test of everything that a booking needs."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from booking_lab.db.bounded import BoundedConnection
from booking_lab.db.connector import Connector
from booking_lab.db.session import PostgresSession
from booking_lab.errors import DatabaseSilent, DatabaseUnavailable

#: Seconds that an answer may take: a load balancer asks every few seconds and gives up soon.
WITHIN = 1.3

#: The rows need more memory than this, and so a temporary file. It fails on a full disk, on which
#: an UPDATE still succeeds if the row's page has free space.
_TAKE_ROOM = """SET LOCAL work_mem = '64kB';
SELECT count(*) FROM generate_series(1, 5000)"""
#: A write of a row that no booking waits for. It fails on a server that only reads.
_WRITE = "UPDATE workers SET drained_epoch = drained_epoch WHERE worker = %(worker)s"


class Probe:
    """The health check, on a connection of its own: it doesn't wait for bookings or readers.

    Create it after a fork: connections must not be shared between processes.

    Args:
        connector: opens the connection.
        worker: this process, as ``instance/pid``.
    """

    def __init__(self, connector: Connector, worker: str) -> None:
        self._connector = replace(connector, lock_timeout=WITHIN)
        self._worker = worker
        self._lock = threading.Lock()
        self._raw: BoundedConnection | None = None

    def check(self) -> None:
        """Check that PostgreSQL can write now, and has free space on its disk.

        Raises:
            DatabaseUnavailable: it can't; the error has the server's reason.
            TimedOut: another session has locked the table of workers.
        """
        deadline = time.monotonic() + WITHIN
        if not self._lock.acquire(timeout=WITHIN):
            raise DatabaseSilent  # an earlier check still waits for its answer
        try:
            if self._raw is None:
                self._write(deadline)
                return
            try:
                self._write(deadline)
            except DatabaseSilent:
                raise
            except DatabaseUnavailable:
                self._write(deadline)  # it may have died while it was idle
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection."""
        if self._raw:
            self._raw.close()

    def _write(self, deadline: float) -> None:
        if self._raw is None:
            self._raw = self._connector.connect(_left(deadline))
        session = PostgresSession(self._raw)
        try:
            with session.within(_left(deadline)):
                session.prepend(_TAKE_ROOM)
                session.execute(_WRITE, {"worker": self._worker})
        finally:
            if not session.usable:
                self._raw.close()
                self._raw = None


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.01)
