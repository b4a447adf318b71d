"""The connections of explorations: nothing ends by time there, and one serves after another."""

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
    """Connects bookers: nothing ends by time there, and commits don't wait for the disk.

    A connection that is given back serves the next exploration, as if it were new: to open one, and
    to fill its caches, takes longer than a schedule does.
    """

    lock_timeout: float = 120.0
    statement_timeout: float = 120.0

    #: Those that wait for who connects next.
    idle: list[BoundedConnection] = field(default_factory=list)

    kind = PreparingSession

    def connect(self, within: float = CONNECT_WITHIN) -> BoundedConnection:
        """Return one connection, in autocommit mode."""
        while self.idle:
            # The server may have gone away since, or another booker have been faster.
            with suppress(psycopg2.Error, IndexError):
                raw = self.idle.pop()
                self.settle_in(raw)
                return _without_time_limits(raw)
        return _without_time_limits(super().connect(within))

    def disconnect(self, raw: BoundedConnection) -> None:
        """Keep the connection, unless it is of no use any more."""
        if not raw.closed and raw.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            with suppress(psycopg2.Error), raw.cursor() as cursor:
                # At once, and not when it is needed: others may wait for its locks.
                cursor.execute("DISCARD ALL")
                self.idle.append(raw)
                return
        raw.close()


def _without_time_limits(raw: BoundedConnection) -> BoundedConnection:
    with raw.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0; SET synchronous_commit = off")
        # PostgreSQL breaks a deadlock after a time, and time must not decide. Who may not set
        # this finds the deadlock before PostgreSQL looks, as a rule.
        with suppress(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SET deadlock_timeout = '1h'")
    return raw
