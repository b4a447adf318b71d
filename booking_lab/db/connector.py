"""Connections whose waits are all bounded, and whose sessions are the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import psycopg2

from booking_lab.db import bounded
from booking_lab.db.bounded import CONNECT_WITHIN, BoundedConnection
from booking_lab.db.session import PostgresSession
from booking_lab.db.sqlstate import connection_failure

#: What a session's answers, locks and snapshots depend on. The server, the database, the role or a
#: pooler may have defaults of their own, and none of them is to count. Two things are left as they
#: are found: whether the server writes (one that only reads has its reasons), and whether
#: backslashes in literals are escapes (the driver has asked for that while it connected).
_SESSION = (
    ("search_path", '"$user", public'),
    ("TimeZone", "'UTC'"),
    ("DateStyle", "'ISO, YMD'"),
    ("IntervalStyle", "postgres"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "1"),
    ("transform_null_equals", "off"),
    ("array_nulls", "on"),
    ("default_transaction_isolation", "'read committed'"),
    ("default_transaction_deferrable", "off"),
    # Else PostgreSQL plans anew each time for what takes an array, prepared or not.
    ("plan_cache_mode", "force_generic_plan"),
)
#: Since this version, a server ends transactions by their age; the lab's have bounded waits.
_HAS_TRANSACTION_TIMEOUT = 170_000


@dataclass(frozen=True)
class Connector:
    """Opens connections whose waits are all bounded.

    Attributes:
        url: libpq's connection string.
        lock_timeout: seconds that a statement waits for a lock.
        statement_timeout: seconds that a statement may take.
        prepare: whether sessions prepare the statements that come again and again.
    """

    url: str
    lock_timeout: float = 10.0
    statement_timeout: float = 15.0
    prepare: bool = True

    #: What its sessions are.
    kind: ClassVar[type[PostgresSession]] = PostgresSession
    #: Seconds beyond ``statement_timeout`` after which a server that hasn't ended a statement by
    #: itself is taken for frozen.
    grace: ClassVar[float] = 1.0

    def connect(self, within: float = CONNECT_WITHIN) -> BoundedConnection:
        """Open one connection in autocommit mode.

        Args:
            within: seconds that this may take.

        Raises:
            DatabaseUnavailable: there is none to be had.
        """
        try:
            raw = bounded.connect(self.url, within)
        except psycopg2.OperationalError as error:
            raise connection_failure(error) from error
        try:
            self.configure_session(raw)
        except psycopg2.Error as error:
            raw.close()
            raise connection_failure(error) from error
        raw.limit = self.statement_timeout + self.grace
        return raw

    def configure_session(self, raw: BoundedConnection) -> None:
        """Make the session what it is for the lab, whoever had it before.

        By a statement: a pooler, which keeps the sessions, refuses to be told when it connects.
        """
        bounds = {
            "lock_timeout": self.lock_timeout,
            "statement_timeout": self.statement_timeout,
            # A booker that stalls in a transaction keeps its locks no longer than this.
            "idle_in_transaction_session_timeout": 60,
            "idle_session_timeout": 0,
            # A query whose client has gone is noticed and ended.
            "client_connection_check_interval": 1,
        }
        if raw.server_version >= _HAS_TRANSACTION_TIMEOUT:
            bounds["transaction_timeout"] = 0
        settings = [*_SESSION, *((name, f"{int(s * 1000)}") for name, s in bounds.items())]
        statements = [f"SET {name} = {value}" for name, value in settings]
        with raw.cursor() as cursor:
            cursor.execute(";\n".join([*statements, "SELECT pg_backend_pid()"]))
            [served_by] = cursor.fetchone() or (0,)
        # Behind a pooler, the server's process is another one than the client was told, and what
        # the session before has prepared may be there yet.
        itself = served_by == raw.get_backend_pid()
        raw.prepared = set() if self.prepare and itself else None

    def reset_session(self, raw: BoundedConnection) -> None:
        """Undo whatever somebody has made of the session: settings, locks, temporary tables."""
        with raw.cursor() as cursor:
            cursor.execute("DISCARD ALL")
        self.configure_session(raw)

    @contextmanager
    def session(self, within: float = CONNECT_WITHIN) -> Iterator[PostgresSession]:
        """Open a connection of its own for the block; ``within`` seconds.

        Raises:
            DatabaseUnavailable: there is none to be had.
        """
        raw = self.connect(within)
        try:
            yield self.kind(raw)
        finally:
            self.disconnect(raw)

    def disconnect(self, raw: BoundedConnection) -> None:
        """Be done with a connection."""
        raw.close()
