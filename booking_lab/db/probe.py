"""Whether PostgreSQL does what a booking needs, said soon."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from booking_lab.db.bounded import BoundedConnection
from booking_lab.db.connector import Connector
from booking_lab.db.session import PostgresSession
from booking_lab.errors import DatabaseSilent, DatabaseUnavailable

#: Seconds that an answer may take: a balancer asks every few seconds, and gives up soon.
WITHIN = 1.3

#: More rows than so little memory holds, so they need room on the disk. There may be none, and a
#: server with a full disk still updates rows where the pages have room.
_TAKE_ROOM = """SET LOCAL work_mem = '64kB';
SELECT count(*) FROM generate_series(1, 5000)"""
#: A write like any other, of a row that nobody waits for. A server that answers may only read.
_WRITE = "UPDATE workers SET drained_epoch = drained_epoch WHERE worker = %(worker)s"


class Probe:
    """Asks on a connection of its own, so that no booking and no reader is in its way.

    Make it after a fork: connections must not be shared between processes.

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
        """See that PostgreSQL writes, and has room to, now.

        Raises:
            DatabaseUnavailable: it doesn't; says what it says itself.
            TimedOut: somebody has locked the table of workers.
        """
        deadline = time.monotonic() + WITHIN
        if not self._lock.acquire(timeout=WITHIN):
            raise DatabaseSilent  # who asked before has had no answer either
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
