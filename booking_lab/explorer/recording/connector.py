"""The connector of explorations: connections without time limits, which are used again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from booking_lab.db.bounded import CONNECT_WITHIN, BoundedConnection
from booking_lab.db.connector import Connector
from booking_lab.explorer.recording.preparing_session import PreparingSession


@dataclass(frozen=True)
class ExplorationConnector(Connector):
    """Connects bookers without time limits, and with commits that don't wait for the disk.

    A connection that is given back is reset and used again. Opening a connection and filling its
    caches takes longer than a schedule.
    """

    lock_timeout: float = 120.0
    statement_timeout: float = 120.0

    #: The open connections that nobody uses.
    idle: list[BoundedConnection] = field(default_factory=list)

    kind = PreparingSession

    def connect(self, within: float = CONNECT_WITHIN) -> BoundedConnection:
        """Return one connection, in autocommit mode."""
        while self.idle:
            # The server may have closed it, or another thread may have taken the last one.
            with suppress(psycopg2.Error, IndexError):
                raw = self.idle.pop()
                self.configure_session(raw)
                return _without_time_limits(raw)
        return _without_time_limits(super().connect(within))

    def disconnect(self, raw: BoundedConnection) -> None:
        """Keep the connection for the next use, unless it is closed or in a transaction."""
        if not raw.closed and raw.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            with suppress(psycopg2.Error), raw.cursor() as cursor:
                # Now, and not at the next use: others may wait for its locks.
                cursor.execute("DISCARD ALL")
                self.idle.append(raw)
                return
        raw.close()


def _without_time_limits(raw: BoundedConnection) -> BoundedConnection:
    with raw.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0; SET synchronous_commit = off")
        # PostgreSQL looks for deadlocks after a timeout, and time must not decide here. A user
        # without the right to set this is fine too: the scheduler usually finds deadlocks earlier.
        with suppress(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SET deadlock_timeout = '1h'")
    return raw
