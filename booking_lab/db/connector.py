"""Opens connections with bounded waits, and sets everything that a session depends on."""

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

#: The settings that results, locks and snapshots depend on. The server, the database, the role or a
#: pooler may have other defaults, and these must not count. Two settings stay as they are:
#: read-only mode, which a server has for a reason, and the meaning of backslashes in literals,
#: which the driver asks for while it connects.
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
    # Otherwise PostgreSQL plans statements with array parameters each time, prepared or not.
    ("plan_cache_mode", "force_generic_plan"),
)
#: The first version with a limit for the age of transactions; the lab bounds its waits itself.
_HAS_TRANSACTION_TIMEOUT = 170_000


@dataclass(frozen=True)
class Connector:
    """Opens connections with bounded waits.

    Attributes:
        url: libpq's connection string.
        lock_timeout: seconds that a statement waits for a lock.
        statement_timeout: seconds that a statement may take.
        prepare: whether sessions prepare statements.
        kind: the class of its sessions.
        grace: seconds after ``statement_timeout`` in which the server has to end a statement
            itself; after that, it counts as frozen.
    """

    url: str
    lock_timeout: float = 10.0
    statement_timeout: float = 15.0
    prepare: bool = True

    kind: ClassVar[type[PostgresSession]] = PostgresSession
    grace: ClassVar[float] = 1.0

    def connect(self, within: float = CONNECT_WITHIN) -> BoundedConnection:
        """Open one connection in autocommit mode.

        Args:
            within: seconds that this may take.

        Raises:
            DatabaseUnavailable: no connection could be opened.
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
        """Set all settings that the lab depends on.

        They are set by a statement: a pooler refuses settings in the connection's parameters.
        """
        bounds = {
            "lock_timeout": self.lock_timeout,
            "statement_timeout": self.statement_timeout,
            # The longest time that a stalled booker keeps its locks.
            "idle_in_transaction_session_timeout": 60,
            "idle_session_timeout": 0,
            # The server notices and ends a query whose client has gone.
            "client_connection_check_interval": 1,
        }
        if raw.server_version >= _HAS_TRANSACTION_TIMEOUT:
            bounds["transaction_timeout"] = 0
        settings = [*_SESSION, *((name, f"{int(s * 1000)}") for name, s in bounds.items())]
        statements = [f"SET {name} = {value}" for name, value in settings]
        with raw.cursor() as cursor:
            cursor.execute(";\n".join([*statements, "SELECT pg_backend_pid()"]))
            [served_by] = cursor.fetchone() or (0,)
        # Behind a pooler, the client has the id of another server process, and the session may
        # still have prepared statements of its last user.
        itself = served_by == raw.get_backend_pid()
        raw.prepared = set() if self.prepare and itself else None

    def reset_session(self, raw: BoundedConnection) -> None:
        """Undo all changes of the session's state: settings, locks, temporary tables."""
        with raw.cursor() as cursor:
            cursor.execute("DISCARD ALL")
        self.configure_session(raw)

    @contextmanager
    def session(self, within: float = CONNECT_WITHIN) -> Iterator[PostgresSession]:
        """Open a connection for the block, within ``within`` seconds.

        Raises:
            DatabaseUnavailable: no connection could be opened.
        """
        raw = self.connect(within)
        try:
            yield self.kind(raw)
        finally:
            self.disconnect(raw)

    def disconnect(self, raw: BoundedConnection) -> None:
        """Close a connection."""
        raw.close()
