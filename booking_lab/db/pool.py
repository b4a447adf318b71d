"""Connection pools that wait, and that tell how many use them and how many wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg2
from psycopg2.extensions import connection
from sqlalchemy.exc import TimeoutError as PoolEmpty
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from booking_lab.db.connector import Connector
from booking_lab.db.session import Session
from booking_lab.errors import DatabaseUnavailable, PoolTimeout

T = TypeVar("T")


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
