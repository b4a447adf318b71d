"""How bookings come by a connection, and by the selection that they run under.

Most take a connection first and read the selection on it. Bookers that wait for one of them to
write for all can't afford that: their connections would do nothing but wait. They begin under the
selection that was read last, and only the writer takes a connection. It reads the selection when
all those whom it writes for have begun, so what it reads is true for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from booking_lab import selection
from booking_lab.core.workload import Record, Row, Session
from booking_lab.db.pool import Pool
from booking_lab.errors import StartOver
from booking_lab.selection import Selection


class Lender:
    """Lends connections of a pool.

    Attributes:
        last: the selection that was read last; none: none yet.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.last: Selection | None = None

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
        if assumed and waits(assumed):
            with Later(self, assumed) as later:
                yield later, assumed
            return
        with self.at_once() as (session, current):
            if not waits(current):
                yield session, current
                return
        raise StartOver  # without the connection, that has to be free for the writer

    @contextmanager
    def at_once(self) -> Iterator[tuple[Session, Selection]]:
        """Lend a connection, and the selection as it is now."""
        with self._pool.session(selection.read) as (session, current):
            self.last = current
            yield session, current


class Later:
    """A session that takes a connection for each transaction, and gives it back at its end.

    Each time, it finds out whether the selection is still the one that was assumed.
    """

    def __init__(self, lender: Lender, assumed: Selection) -> None:
        self._lender = lender
        self._assumed = assumed
        self._session: Session | None = None
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
        if self._session:
            return self._session.execute(statement, parameters)
        with self._taken() as session:
            return session.execute(statement, parameters)

    def begin(self, isolation: str | None) -> None:
        """Take a connection and open a transaction on it."""
        self._session = self._lent.enter_context(self._taken())
        self._session.begin(isolation)

    def verify(self) -> None:
        """Read the selection again: more bookings may have begun since the connection was taken."""
        assert self._session, "no transaction was begun"
        self._lender.last = current = selection.read(self._session)
        if current != self._assumed:
            raise StartOver

    def commit(self, record: Record | None) -> None:
        """Commit, and give the connection back."""
        with self._given_back() as session:
            session.commit(record)

    def rollback(self) -> None:
        """Undo what is open, and give the connection back."""
        with self._given_back() as session:
            session.rollback()

    @contextmanager
    def _taken(self) -> Iterator[Session]:
        with self._lender.at_once() as (session, current):
            if current != self._assumed:
                raise StartOver
            yield session

    @contextmanager
    def _given_back(self) -> Iterator[Session]:
        session, self._session = self._session, None
        assert session, "no transaction was begun"
        with self._lent.pop_all():
            yield session
