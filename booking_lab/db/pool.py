"""Connection pools with a bounded wait, and the numbers for their gauges."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Protocol, TypeVar

import psycopg2
from sqlalchemy.exc import TimeoutError as PoolEmpty
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from booking_lab.db.bounded import BoundedConnection
from booking_lab.db.connector import Connector
from booking_lab.db.session import PostgresSession
from booking_lab.errors import DatabaseSilent, DatabaseUnavailable, PoolTimeout

T = TypeVar("T")

#: Seconds in which a connection has to answer its first statement; else it counts as dead.
_PROOF_WITHIN = 5.0


class ConnectionSource(Protocol):
    """The interface of a pool that bookings need; the explorer has one of its own."""

    def session(
        self, first: Callable[[PostgresSession], T]
    ) -> AbstractContextManager[tuple[PostgresSession, T]]:
        """Check out a connection for the block, with the result of ``first`` on it.

        Raises:
            PoolTimeout: no connection came free in time.
            DatabaseUnavailable: the server doesn't answer.
        """
        ...

    def extra_connection(self, within: float) -> AbstractContextManager[PostgresSession]:
        """Open a connection outside of the pool, for work that can't wait for a free one.

        Args:
            within: seconds for connecting, for each lock and for each answer.

        Raises:
            DatabaseUnavailable: no connection could be opened.
        """
        ...


@contextmanager
def extra_connection(connector: Connector, within: float) -> Iterator[PostgresSession]:
    """Open a connection outside of any pool, for the block.

    Args:
        connector: opens it.
        within: seconds for connecting, for each lock and for each answer.

    Raises:
        DatabaseUnavailable: no connection could be opened.
    """
    least = max(within, 0.001)
    bounded = replace(connector, lock_timeout=least)
    with bounded.session(least) as session, session.within(least):
        yield session


class Pool:
    """A pool of at most ``size`` connections of one process.

    Create it after a fork: connections must not be shared between processes.

    Args:
        name: the name in metrics.
        connector: opens its connections.
        size: connections at most.
        timeout: seconds to wait for a free connection.
        altered: whether foreign statements are sent on its connections.
    """

    def __init__(
        self, name: str, connector: Connector, size: int, timeout: float, *, altered: bool = False
    ) -> None:
        self.name = name
        self.size = size
        self._altered = altered
        self._lock = threading.Lock()
        self._waiting = 0
        self._connector = connector
        self._pool = QueuePool(
            lambda: connector.connect(),  # type: ignore[arg-type]  # a DBAPI connection
            pool_size=size,
            max_overflow=0,
            timeout=timeout,
            use_lifo=True,
            reset_on_return=None,
        )

    @contextmanager
    def session(self, first: Callable[[PostgresSession], T]) -> Iterator[tuple[PostgresSession, T]]:
        """Check out a connection for the block, with the result of ``first`` on it.

        ``first`` sends the caller's first statement. It is also the liveness check, without a
        message of its own: a connection that died while it was idle is dropped, and the next one
        is tried.

        Raises:
            PoolTimeout: no connection came free in time.
            DatabaseUnavailable: the server doesn't answer.
        """
        dead: DatabaseUnavailable | None = None
        for _ in range(self.size + 1):
            pooled = self._check_out()
            raw = pooled.dbapi_connection
            assert isinstance(raw, BoundedConnection)
            session = PostgresSession(raw)
            session.altered = self._altered
            try:
                with session.within(_PROOF_WITHIN):
                    result = first(session)
            except DatabaseUnavailable as error:
                self._check_in(pooled, session)
                # A silent server would be silent on all of them, one after the other.
                if isinstance(error, DatabaseSilent) or not session.lost:
                    raise
                dead = error
                continue
            except BaseException:
                self._check_in(pooled, session)
                raise
            try:
                yield session, result
            finally:
                self._check_in(pooled, session)
            return
        assert dead
        raise dead

    def extra_connection(self, within: float) -> AbstractContextManager[PostgresSession]:
        """Open a connection outside of the pool, for work that can't wait for a free one.

        Args:
            within: seconds for connecting, for each lock and for each answer.

        Raises:
            DatabaseUnavailable: no connection could be opened.
        """
        return extra_connection(self._connector, within)

    @property
    def in_use(self) -> int:
        """The number of connections that are checked out."""
        return self._pool.checkedout()

    @property
    def waiting(self) -> int:
        """How many threads are waiting for a connection."""
        return self._waiting

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.dispose()

    def _check_out(self) -> PoolProxiedConnection:
        with self._lock:
            self._waiting += 1
        try:
            return self._pool.connect()
        except PoolEmpty:
            raise PoolTimeout from None
        finally:
            with self._lock:
                self._waiting -= 1

    def _check_in(self, pooled: PoolProxiedConnection, session: PostgresSession) -> None:
        if not session.usable or (session.altered and not self._restored(pooled)):
            pooled.invalidate()
        pooled.close()

    def _restored(self, pooled: PoolProxiedConnection) -> bool:
        """Reset a session after foreign statements; return whether that succeeded."""
        raw = pooled.dbapi_connection
        assert isinstance(raw, BoundedConnection)
        try:
            self._connector.reset_session(raw)
        except psycopg2.Error:
            return False
        return True
