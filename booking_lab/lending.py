"""How bookings come by a connection, and by the selection that they run under.

Most take a connection first and read the selection on it. Bookers that wait for one of them to
write for all can't afford that: their connections would do nothing but wait. They begin under the
selection that was read last, and only the writer takes a connection. What it sends fails if the
selection is another one by the time when all those whom it writes for have begun; so what they have
assumed is true for each of them, and to find that out costs no message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager

from booking_lab import selection
from booking_lab.core.workload import Record, Row, Session
from booking_lab.db.pool import Pool
from booking_lab.db.session import Session as PooledSession
from booking_lab.errors import DatabaseUnavailable, StartOver
from booking_lab.selection import Selection


class Lender:
    """Lends connections of a pool.

    Attributes:
        last: the selection that was read last; none: none yet.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.last: Selection | None = None
        self._outdated: Selection | None = None

    @contextmanager
    def lend(self, waits: Callable[[Selection], bool]) -> Iterator[tuple[Session, Selection]]:
        """Lend a session, with the selection to begin under.

        Args:
            waits: tells whether, under a selection, the booker waits for others to write.

        Raises:
            PoolTimeout: no connection came free in time.
            DatabaseUnavailable: the server doesn't answer.
            StartOver: the selection is another one; ask again.
        """
        assumed = self.last
        if assumed and assumed is not self._outdated and waits(assumed):
            with Later(self, assumed) as later:
                try:
                    yield later, assumed
                except StartOver:
                    self._outdated = assumed
                    raise
            return
        with self.at_once() as (session, current):
            if not waits(current):
                yield session, current
                return
        raise StartOver  # without the connection, that has to be free for the writer

    @contextmanager
    def at_once(self) -> Iterator[tuple[PooledSession, Selection]]:
        """Lend a connection that lives, and the selection as it is now."""
        with self._pool.session(selection.read) as (session, current):
            self.last = current
            yield session, current

    def unproven(self) -> AbstractContextManager[tuple[PooledSession, None]]:
        """Lend a connection that may have died while it was idle; nothing is sent to find out."""
        return self._pool.session(lambda _: None)


class Later:
    """A session that takes a connection for each transaction, and gives it back at its end.

    Each time, what it sends first fails if the selection is not the one that was assumed.
    """

    def __init__(self, lender: Lender, assumed: Selection) -> None:
        self._lender = lender
        self._assumed = assumed
        self._session: PooledSession | None = None
        self._isolation: str | None = None
        self._proven = False
        self._lent = ExitStack()

    def __enter__(self) -> Later:
        return self

    def __exit__(self, *_: object) -> None:
        self._lent.close()

    @property
    def process_id(self) -> int:
        """PostgreSQL's process id of the connection; 0 while there is none."""
        return self._session.process_id if self._session else 0

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows."""
        if not self._session:
            with self._lender.at_once() as (session, _):
                selection.expect(session, self._assumed)
                return session.execute(statement, parameters)
        proven, self._proven = self._proven, True
        try:
            return self._session.execute(statement, parameters)
        except DatabaseUnavailable:
            if proven:
                raise
        # It had died while it was idle. Nothing of the transaction stands, so another one will do.
        self._begin_on(self._lender.at_once())
        return self._session.execute(statement, parameters)

    def begin(self, isolation: str | None) -> None:
        """Take a connection, and open a transaction on it with the next statement."""
        self._isolation, self._proven = isolation, False
        self._begin_on(self._lender.unproven())

    def verify(self) -> None:
        """Have the next statement ask again: more may have begun since the first one was sent."""
        assert self._session, "no transaction was begun"
        selection.expect(self._session, self._assumed)

    def commit(self, record: Record | None) -> None:
        """Commit, and give the connection back."""
        with self._given_back() as session:
            session.commit(record)

    def rollback(self) -> None:
        """Undo what is open, and give the connection back."""
        if self._session:  # none: no other one could be had
            with self._given_back() as session:
                session.rollback()

    def _begin_on(self, lent: AbstractContextManager[tuple[PooledSession, object]]) -> None:
        self._session = None
        self._lent.close()
        self._session, _ = self._lent.enter_context(lent)
        self._session.begin(self._isolation)
        selection.expect(self._session, self._assumed)

    @contextmanager
    def _given_back(self) -> Iterator[PooledSession]:
        session, self._session = self._session, None
        assert session, "no transaction was begun"
        with self._lent.pop_all():
            yield session
