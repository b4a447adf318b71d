"""How bookings come by a connection, and by the selection that they run under.

Most take a connection first and read the selection on it. While they wait for anything else, be it
a lease or the next try, they give it back: who wants what nobody holds must not wait for those who
want what somebody holds. They have begun by then, so the selection is not read again.

Bookers that wait for one of them to write for all can't afford a connection to begin with: it would
do nothing but wait. They begin under the selection that was read last, and only the writer takes a
connection. What it sends fails if the selection is another one by the time when all those whom it
writes for have begun; so what they have assumed is true for each of them, and to find that out
costs no message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TypeVar

from booking_lab.core.workload import Record, Row, Session
from booking_lab.db.pool import Connections
from booking_lab.db.session import Session as PooledSession
from booking_lab.errors import DatabaseUnavailable, StartOver, StrategyFault
from booking_lab.runtime import selection
from booking_lab.runtime.selection import Selection

T = TypeVar("T")


class Lender:
    """Lends connections of a pool.

    Attributes:
        last: the selection that was read last; none: none yet.
    """

    def __init__(self, pool: Connections) -> None:
        self._pool = pool
        self.last: Selection | None = None
        self._outdated: Selection | None = None

    def lend(
        self, waits: Callable[[Selection], bool], *, altered: bool = False
    ) -> AbstractContextManager[tuple[Session, Selection]]:
        """Lend a session, with the selection to begin under.

        Args:
            waits: tells whether, under a selection, the booker waits for others to write.
            altered: whether others than the lab send statements in it, whatever the strategy does.

        Raises:
            PoolTimeout: no connection came free in time.
            DatabaseUnavailable: the server doesn't answer.
            StartOver: the selection is another one; ask again.
        """
        assumed = self.last
        if assumed and assumed is not self._outdated and waits(assumed):
            return Later(self, assumed, altered=altered)
        return self._unless(waits, altered)

    @contextmanager
    def _unless(
        self, waits: Callable[[Selection], bool], altered: bool
    ) -> Iterator[tuple[Loan, Selection]]:
        with closing(Loan(self, altered=altered)) as loan:
            current = loan.take(self.at_once())
            if not waits(current):
                yield loan, current
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


class Loan:
    """A session with a connection while there is something to do, and none while it rests."""

    def __init__(self, lender: Lender, *, altered: bool) -> None:
        self._lender = lender
        self._session: PooledSession | None = None
        self._lent: AbstractContextManager[object] | None = None
        self._isolation: str | None = None
        self._altered = altered
        self._kept = self._proven = self._begun = False

    @property
    def process_id(self) -> int:
        """PostgreSQL's process id of the connection; 0 while there is none."""
        return self._session.process_id if self._session else 0

    def take(self, lent: AbstractContextManager[tuple[PooledSession, T]]) -> T:
        """Take the connection that is lent, and return what was found out with it."""
        self._give_back()
        self._session, found = lent.__enter__()
        self._lent, self._proven = lent, found is not None
        self._session.altered |= self._altered
        return found

    def rest(self) -> None:
        """Give the connection back: something else is waited for.

        Unless a strategy's own statements have made something of it, which has to be there yet.
        """
        if not self._kept:
            self._give_back()

    def resume(self) -> None:
        """Take a connection."""
        if not self._session:
            self.take(self._lender.unproven())

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows."""
        if not (self._proven or self._begun):  # what stands by itself must not be sent twice
            self.take(self._lender.at_once())
        if not self._session:  # it was lost, and no other one could be had
            raise DatabaseUnavailable
        proven, self._proven = self._proven, True
        try:
            return self._session.execute(statement, parameters)
        except DatabaseUnavailable:
            if proven or not self._session.lost:
                raise
        # It had died while it was idle. Nothing of the transaction stands, so another one will do.
        self.take(self._lender.at_once())
        self._open()
        return self._session.execute(statement, parameters)

    def alter(self) -> None:
        """Expect anything of what follows, on whichever connection."""
        self._altered = self._kept = True
        if self._session:
            self._session.alter()

    def expect_same_transaction(self) -> None:
        """Have COMMIT fail unless the open transaction, and all written in it, is there then."""
        assert self._session, "no transaction was begun"
        self._session.expect_same_transaction()

    def begin(self, isolation: str | None) -> None:
        """Open a transaction with the next statement."""
        if not self._session:  # what travels with it finds out whether the connection lives
            self.take(self._lender.unproven())
        self._isolation, self._begun = isolation, True
        self._open()

    def verify(self) -> None:
        """Nothing: the selection was read before the booking began."""

    def commit(self, record: Record | None) -> None:
        """Commit."""
        assert self._session, "no transaction was begun"
        self._begun = False
        self._session.commit(record)

    def rollback(self) -> None:
        """Undo what is open."""
        self._begun = False
        if self._session:  # none: no other one could be had
            self._session.rollback()

    def close(self) -> None:
        """Give the connection back for good."""
        self._give_back()

    def _open(self) -> None:
        assert self._session
        self._session.begin(self._isolation)

    def _give_back(self) -> None:
        lent, self._lent, self._session = self._lent, None, None
        self._proven = False
        if lent:
            lent.__exit__(None, None, None)


class Later(Loan):
    """A session that takes a connection for each transaction, and gives it back at its end.

    Each time, what it sends first fails if the selection is not the one that was assumed.
    """

    def __init__(self, lender: Lender, assumed: Selection, *, altered: bool) -> None:
        super().__init__(lender, altered=altered)
        self._assumed = assumed

    def __enter__(self) -> tuple[Later, Selection]:
        return self, self._assumed

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()
        if kind is StartOver:
            self._lender.look_again(self._assumed)

    def resume(self) -> None:
        """Nothing: a connection comes with the transaction."""

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows."""
        if self._session:
            return super().execute(statement, parameters)
        with self._lender.at_once() as (session, current):
            if current != self._assumed:
                raise StartOver
            session.altered |= self._altered
            return session.execute(statement, parameters)

    def verify(self) -> None:
        """Have the next statement ask again: more may have begun since the first one was sent."""
        if not self._session:
            raise StrategyFault("The strategy read for a batch outside of attempt.transaction().")
        selection.expect(self._session, self._assumed)

    def commit(self, record: Record | None) -> None:
        """Commit, and give the connection back."""
        try:
            super().commit(record)
        finally:
            self._give_back()

    def rollback(self) -> None:
        """Undo what is open, and give the connection back."""
        try:
            super().rollback()
        finally:
            self._give_back()

    def _open(self) -> None:
        super()._open()
        assert self._session
        selection.expect(self._session, self._assumed)
