"""Connection pools that wait, and that tell how many use them and how many wait."""

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

#: Seconds in which a connection has to answer its first statement, to count as alive.
_PROOF_WITHIN = 5.0


class ConnectionSource(Protocol):
    """Where bookings take their connections: a pool, or what stands for one."""

    def session(
        self, first: Callable[[PostgresSession], T]
    ) -> AbstractContextManager[tuple[PostgresSession, T]]:
        """Lend a connection, and what ``first`` returned on it.

        Raises:
            PoolTimeout: none came free in time.
            DatabaseUnavailable: the server doesn't answer.
        """
        ...

    def extra_connection(self, within: float) -> AbstractContextManager[PostgresSession]:
        """Open one more, for what can't wait until one is free, within so many seconds.

        Raises:
            DatabaseUnavailable: there is none to be had.
        """
        ...


@contextmanager
def extra_connection(connector: Connector, within: float) -> Iterator[PostgresSession]:
    """Open a connection beside those of a pool.

    Args:
        connector: opens it.
        within: seconds that it may take to connect, or to wait for a lock or an answer.

    Raises:
        DatabaseUnavailable: there is none to be had.
    """
    least = max(within, 0.001)
    bounded = replace(connector, lock_timeout=least)
    with bounded.session(least) as session, session.within(least):
        yield session


class Pool:
    """At most ``size`` connections of one process; who finds none free waits ``timeout`` seconds.

    Make it after a fork: connections must not be shared between processes.

    Args:
        name: says which one it is.
        connector: opens its connections.
        size: how many there are at most.
        timeout: seconds.
        altered: whether others than the lab send statements on any of them.
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
        """Lend a connection, and what ``first`` returned on it.

        ``first`` is the caller's own first statement and the proof that the connection lives: one
        that died while idle is thrown away and the next is tried, which costs no extra message.

        Raises:
            PoolTimeout: none came free in time.
            DatabaseUnavailable: the server doesn't answer.
        """
        dead: DatabaseUnavailable | None = None
        for _ in range(self.size + 1):
            fairy = self._check_out()
            raw = fairy.dbapi_connection
            assert isinstance(raw, BoundedConnection)
            session = PostgresSession(raw)
            session.altered = self._altered
            try:
                with session.within(_PROOF_WITHIN):
                    result = first(session)
            except DatabaseUnavailable as error:
                self._check_in(fairy, session)
                # A server that is silent would be so on all of them, one after the other.
                if isinstance(error, DatabaseSilent) or not session.lost:
                    raise
                dead = error
                continue
            except BaseException:
                self._check_in(fairy, session)
                raise
            try:
                yield session, result
            finally:
                self._check_in(fairy, session)
            return
        assert dead
        raise dead

    def extra_connection(self, within: float) -> AbstractContextManager[PostgresSession]:
        """Open a connection beside the pool, for what can't wait until one of it is free.

        Args:
            within: seconds that it may take to connect, or to wait for a lock or an answer.

        Raises:
            DatabaseUnavailable: there is none to be had.
        """
        return extra_connection(self._connector, within)

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

    def _check_in(self, fairy: PoolProxiedConnection, session: PostgresSession) -> None:
        if not session.usable or (session.altered and not self._restored(fairy)):
            fairy.invalidate()
        fairy.close()

    def _restored(self, fairy: PoolProxiedConnection) -> bool:
        """Make a session what it was before somebody's own statements; tell whether it is."""
        raw = fairy.dbapi_connection
        assert isinstance(raw, BoundedConnection)
        try:
            self._connector.reset_session(raw)
        except psycopg2.Error:
            return False
        return True
