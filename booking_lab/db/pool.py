"""Connection pools that wait, and that tell how many use them and how many wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

import psycopg2

from booking_lab.db.bounded import BoundedConnection
from booking_lab.db.connector import Connector
from booking_lab.db.session import Session
from booking_lab.errors import DatabaseSilent, DatabaseUnavailable, PoolTimeout

T = TypeVar("T")

#: Seconds in which a connection has to answer its first statement, to count as alive.
_PROOF_WITHIN = 5.0


class Connections(Protocol):
    """Where bookings take their connections: a pool, or what stands for one."""

    def session(self, first: Callable[[Session], T]) -> AbstractContextManager[tuple[Session, T]]:
        """Lend a connection, and what ``first`` returned on it.

        Raises:
            PoolTimeout: none came free in time.
            DatabaseUnavailable: the server doesn't answer.
        """
        ...

    def beside(self, within: float) -> AbstractContextManager[Session]:
        """Open one more, for what can't wait until one is free, within so many seconds.

        Raises:
            DatabaseUnavailable: there is none to be had.
        """
        ...


@contextmanager
def opened_beside(connector: Connector, within: float) -> Iterator[Session]:
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
    """At most ``size`` connections of one process; whoever finds none free waits for one.

    The connection that was used last is lent first, so that as few as possible are kept warm.
    Make a pool after a fork: connections must not be shared between processes.

    Args:
        name: says which one it is.
        connector: opens its connections.
        size: how many there are at most.
        timeout: seconds to wait for one.
        altered: whether others than the lab send statements on any of them.
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
        # These three change under the condition's lock alone.
        self._idle: list[BoundedConnection] = []
        self._lent = self._waiting = 0

    def session(self, first: Callable[[Session], T]) -> AbstractContextManager[tuple[Session, T]]:
        """Lend a connection, and what ``first`` returned on it.

        ``first`` is the caller's own first statement and the proof that the connection lives: one
        that died while idle is thrown away and the next is tried, which costs no extra message.

        Raises:
            PoolTimeout: no connection came free in time.
            DatabaseUnavailable: the server doesn't answer.
        """
        return _Loan(self, first)

    def beside(self, within: float) -> AbstractContextManager[Session]:
        """Open a connection beside the pool, for what can't wait until one of it is free.

        Args:
            within: seconds that it may take to connect, or to wait for a lock or an answer.

        Raises:
            DatabaseUnavailable: there is none to be had.
        """
        return opened_beside(self._connector, within)

    @property
    def in_use(self) -> int:
        """How many connections are lent out."""
        return self._lent

    @property
    def waiting(self) -> int:
        """How many threads are waiting for a connection."""
        return self._waiting

    def close(self) -> None:
        """Close the idle connections."""
        with self._one_free:
            idle, self._idle = self._idle, []
        for raw in idle:
            raw.close()

    def take(self) -> Session:
        """Take a connection, which may have died while it was idle.

        Raises:
            PoolTimeout: none came free in time.
            DatabaseUnavailable: there is none yet, and none can be opened.
        """
        with self._one_free:
            if self._lent >= self.size:
                self._wait()
            self._lent += 1
            raw = self._idle.pop() if self._idle else None
        try:
            session = Session(raw or self._connector.connect())
        except BaseException:
            self._put(None)
            raise
        session.altered = self._altered
        return session

    def give_back(self, session: Session) -> None:
        """Give a connection back; one that can't serve another booking is closed."""
        raw = session.raw
        if session.usable and (not session.altered or self._settled(raw)):
            self._put(raw)
        else:
            raw.close()
            self._put(None)

    def _wait(self) -> None:
        self._waiting += 1
        try:
            if not self._one_free.wait_for(lambda: self._lent < self.size, self._timeout):
                raise PoolTimeout
        finally:
            self._waiting -= 1

    def _put(self, raw: BoundedConnection | None) -> None:
        with self._one_free:
            self._lent -= 1
            if raw:
                self._idle.append(raw)
            self._one_free.notify()

    def _settled(self, raw: BoundedConnection) -> bool:
        """Make a session what it was before somebody's own statements; tell whether it is."""
        try:
            self._connector.settle_anew(raw)
        except psycopg2.Error:
            return False
        return True


class _Loan(Generic[T]):
    """One use of a pool's connection. There are several a booking, and a generator is slower."""

    __slots__ = ("_first", "_pool", "_session")

    def __init__(self, pool: Pool, first: Callable[[Session], T]) -> None:
        self._pool, self._first = pool, first

    def __enter__(self) -> tuple[Session, T]:
        dead: DatabaseUnavailable | None = None
        for _ in range(self._pool.size + 1):
            session = self._session = self._pool.take()
            try:
                with session.within(_PROOF_WITHIN):
                    return session, self._first(session)
            except DatabaseUnavailable as error:
                self._pool.give_back(session)
                # A server that is silent would be so on all of them, one after the other.
                if isinstance(error, DatabaseSilent) or not session.lost:
                    raise
                dead = error
            except BaseException:
                self._pool.give_back(session)
                raise
        assert dead
        raise dead

    def __exit__(self, *_: object) -> None:
        self._pool.give_back(self._session)
