"""How bookings come by a connection, and by the selection that they run under.

Most take a connection first and read the selection on it. Bookers that wait for one of them to
write for all can't afford that: their connections would do nothing but wait. They begin under the
selection that was read last, and only the writer takes a connection. What it sends fails if the
selection is another one by the time when all those whom it writes for have begun; so what they have
assumed is true for each of them, and to find that out costs no message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from booking_lab import selection
from booking_lab.core.workload import Record, Row, Session
from booking_lab.db.pool import Pool
from booking_lab.db.session import Session as PooledSession
from booking_lab.errors import DatabaseUnavailable, StartOver, StrategyFault
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

    def lend(
        self, waits: Callable[[Selection], bool]
    ) -> AbstractContextManager[tuple[Session, Selection]]:
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
            return Later(self, assumed)
        return self._unless(waits)

    @contextmanager
    def _unless(
        self, waits: Callable[[Selection], bool]
    ) -> Iterator[tuple[PooledSession, Selection]]:
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

    def look_again(self, assumed: Selection) -> None:
        """Don't let anybody else begin under ``assumed``: it is outdated."""
        self._outdated = assumed

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
        self._proven = self._altered = False
        self._lent: AbstractContextManager[object] | None = None

    def __enter__(self) -> tuple[Later, Selection]:
        return self, self._assumed

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._give_back()
        if kind is StartOver:
            self._lender.look_again(self._assumed)

    @property
    def process_id(self) -> int:
        """PostgreSQL's process id of the connection; 0 while there is none."""
        return self._session.process_id if self._session else 0

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows."""
        if not self._session:
            with self._lender.at_once() as (session, current):
                if current != self._assumed:
                    raise StartOver
                session.altered = self._altered
                return session.execute(statement, parameters)
        proven, self._proven = self._proven, True
        try:
            return self._session.execute(statement, parameters)
        except DatabaseUnavailable:
            if proven or not self._session.lost:
                raise
        # It had died while it was idle. Nothing of the transaction stands, so another one will do.
        self._begin_on(self._lender.at_once())
        return self._session.execute(statement, parameters)

    def alter(self) -> None:
        """Expect anything of what follows, on whichever connection."""
        self._altered = True
        if self._session:
            self._session.alter()

    def begin(self, isolation: str | None) -> None:
        """Take a connection, and open a transaction on it with the next statement."""
        self._isolation, self._proven = isolation, False
        self._begin_on(self._lender.unproven())

    def verify(self) -> None:
        """Have the next statement ask again: more may have begun since the first one was sent."""
        if not self._session:
            raise StrategyFault("The strategy read for a batch outside of attempt.transaction().")
        selection.expect(self._session, self._assumed)

    def commit(self, record: Record | None) -> None:
        """Commit, and give the connection back."""
        assert self._session, "no transaction was begun"
        try:
            self._session.commit(record)
        finally:
            self._give_back()

    def rollback(self) -> None:
        """Undo what is open, and give the connection back."""
        try:
            if self._session:  # none: no other one could be had
                self._session.rollback()
        finally:
            self._give_back()

    def _begin_on(self, lent: AbstractContextManager[tuple[PooledSession, object]]) -> None:
        self._give_back()
        self._session, _ = lent.__enter__()
        self._lent = lent
        self._session.altered = self._altered
        self._session.begin(self._isolation)
        selection.expect(self._session, self._assumed)

    def _give_back(self) -> None:
        lent, self._lent, self._session = self._lent, None, None
        if lent:
            lent.__exit__(None, None, None)
