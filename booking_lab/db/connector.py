"""Connections whose waits are all bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import psycopg2
from psycopg2.extensions import connection

from booking_lab.db.session import Session
from booking_lab.errors import DatabaseUnavailable


@dataclass(frozen=True)
class Connector:
    """Opens connections whose waits are all bounded.

    Attributes:
        url: libpq's connection string.
        lock_timeout: seconds that a statement waits for a lock.
        statement_timeout: seconds that a statement may take.
    """

    url: str
    lock_timeout: float = 10.0
    statement_timeout: float = 15.0

    #: What its sessions are.
    kind: ClassVar[type[Session]] = Session

    def connect(self) -> connection:
        """Open one connection in autocommit mode.

        Raises:
            psycopg2.OperationalError: the server doesn't answer.
        """
        bounds = {
            "lock_timeout": self.lock_timeout,
            "statement_timeout": self.statement_timeout,
            # A booker that stalls in a transaction keeps its locks no longer than this.
            "idle_in_transaction_session_timeout": 60,
            # A query whose client has gone is noticed and ended.
            "client_connection_check_interval": 1,
        }
        raw = psycopg2.connect(
            self.url,
            connect_timeout=3,
            application_name="booking-lab",
            options=" ".join(f"-c {name}={int(s * 1000)}ms" for name, s in bounds.items()),
        )
        raw.autocommit = True
        return raw

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a connection of its own for the block.

        Raises:
            DatabaseUnavailable: the server doesn't answer.
        """
        try:
            raw = self.connect()
        except psycopg2.OperationalError as error:
            raise DatabaseUnavailable from error
        try:
            yield self.kind(raw)
        finally:
            self.disconnect(raw)

    def disconnect(self, raw: connection) -> None:
        """Be done with a connection."""
        raw.close()
