"""Connection pools with a bounded wait, and the numbers for their gauges."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

import psycopg2

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

    The connection that was used last is checked out first, so that few connections are kept busy.
    Create the pool after a fork: connections must not be shared between processes.

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
        self._timeout = timeout
        self._altered = altered
        self._connector = connector
        self._one_free = threading.Condition(threading.Lock())
        # These three change only under the condition's lock.
        self._idle: list[BoundedConnection] = []
        self._in_use = self._waiting = 0

    def session(
        self, first: Callable[[PostgresSession], T]
    ) -> AbstractContextManager[tuple[PostgresSession, T]]:
        """Check out a connection for the block, with the result of ``first`` on it.

        ``first`` sends the caller's first statement. It is also the liveness check, without a
        message of its own: a connection that died while it was idle is dropped, and the next one
        is tried.

        Raises:
            PoolTimeout: no connection came free in time.
            DatabaseUnavailable: the server doesn't answer.
        """
        return _Checkout(self, first)

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
        return self._in_use

    @property
    def waiting(self) -> int:
        """The number of threads that wait for a connection."""
        return self._waiting

    def close(self) -> None:
        """Close the idle connections."""
        with self._one_free:
            idle, self._idle = self._idle, []
        for raw in idle:
            raw.close()

    def check_out(self) -> PostgresSession:
        """Take a connection out of the pool; it may have died while it was idle.

        Raises:
            PoolTimeout: no connection came free in time.
            DatabaseUnavailable: there was no idle connection, and no new one could be opened.
        """
        with self._one_free:
            if self._in_use >= self.size:
                self._wait()
            self._in_use += 1
            raw = self._idle.pop() if self._idle else None
        try:
            session = PostgresSession(raw or self._connector.connect())
        except BaseException:
            self._put_back(None)
            raise
        session.altered = self._altered
        return session

    def check_in(self, session: PostgresSession) -> None:
        """Put a connection back; close it if it can't serve another booking."""
        raw = session.raw
        if session.usable and (not session.altered or self._restored(raw)):
            self._put_back(raw)
        else:
            raw.close()
            self._put_back(None)

    def _wait(self) -> None:
        self._waiting += 1
        try:
            if not self._one_free.wait_for(lambda: self._in_use < self.size, self._timeout):
                raise PoolTimeout
        finally:
            self._waiting -= 1

    def _put_back(self, raw: BoundedConnection | None) -> None:
        with self._one_free:
            self._in_use -= 1
            if raw:
                self._idle.append(raw)
            self._one_free.notify()

    def _restored(self, raw: BoundedConnection) -> bool:
        """Reset a session after foreign statements; return whether that succeeded."""
        try:
            self._connector.reset_session(raw)
        except psycopg2.Error:
            return False
        return True


class _Checkout(Generic[T]):
    """One use of a pool's connection. A booking has several, and a generator would be slower."""

    __slots__ = ("_first", "_pool", "_session")

    def __init__(self, pool: Pool, first: Callable[[PostgresSession], T]) -> None:
        self._pool, self._first = pool, first

    def __enter__(self) -> tuple[PostgresSession, T]:
        dead: DatabaseUnavailable | None = None
        for _ in range(self._pool.size + 1):
            session = self._session = self._pool.check_out()
            try:
                with session.within(_PROOF_WITHIN):
                    return session, self._first(session)
            except DatabaseUnavailable as error:
                self._pool.check_in(session)
                # A silent server would be silent on all of them, one after the other.
                if isinstance(error, DatabaseSilent) or not session.lost:
                    raise
                dead = error
            except BaseException:
                self._pool.check_in(session)
                raise
        assert dead
        raise dead

    def __exit__(self, *_: object) -> None:
        self._pool.check_in(self._session)
