"""Connection pools that wait, and that tell how many use them and how many wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import psycopg2
from psycopg2.extensions import connection
from sqlalchemy.exc import TimeoutError as PoolEmpty
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from booking_lab.db.session import Session
from booking_lab.errors import DatabaseUnavailable, PoolTimeout

T = TypeVar("T")


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
            yield Session(raw)
        finally:
            raw.close()


class Pool:
    """At most ``size`` connections of one process; who finds none free waits ``timeout`` seconds.

    Make it after a fork: connections must not be shared between processes.
    """

    def __init__(self, name: str, connector: Connector, size: int, timeout: float) -> None:
        self.name = name
        self.size = size
        self._lock = threading.Lock()
        self._waiting = 0
        self._pool = QueuePool(
            lambda: connector.connect(),  # type: ignore[arg-type]  # a DBAPI connection
            pool_size=size,
            max_overflow=0,
            timeout=timeout,
            use_lifo=True,
            reset_on_return=None,
        )

    @contextmanager
    def session(self, first: Callable[[Session], T]) -> Iterator[tuple[Session, T]]:
        """Lend a connection, and what ``first`` returned on it.

        ``first`` is the caller's own first statement and the proof that the connection lives: one
        that died while idle is thrown away and the next is tried, which costs no extra message.

        Raises:
            PoolTimeout: none came free in time.
            DatabaseUnavailable: the server doesn't answer.
        """
        for _ in range(self.size + 1):
            fairy = self._take()
            raw = fairy.dbapi_connection
            assert isinstance(raw, connection)
            session = Session(raw)
            try:
                result = first(session)
            except DatabaseUnavailable:
                fairy.invalidate()
                fairy.close()
                continue
            except BaseException:
                fairy.close()
                raise
            try:
                yield session, result
            finally:
                if not session.usable:
                    fairy.invalidate()
                fairy.close()
            return
        raise DatabaseUnavailable

    @property
    def in_use(self) -> int:
        """How many connections are lent out."""
        return self._pool.checkedout()

    @property
    def waiting(self) -> int:
        """How many threads are waiting for a connection."""
        return self._waiting

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.dispose()

    def _take(self) -> PoolProxiedConnection:
        with self._lock:
            self._waiting += 1
        try:
            return self._pool.connect()
        except PoolEmpty:
            raise PoolTimeout from None
        except psycopg2.OperationalError as error:
            raise DatabaseUnavailable from error
        finally:
            with self._lock:
                self._waiting -= 1
