"""How bookings come by a connection, and by the selection that they run under.

A booking begins under the selection that its process has read last, with no connection. The first
message of its transaction fails if the selection is another one by then, and the booking starts
over: nothing was done, and to find that out costs no message. What can't be undone like that, such
as a lease, is not asked for before the selection was read.

No connection is held while anything else is waited for, be it a lease, a writer who writes for all,
or the next try: bookings that nobody stands in the way of must not wait for those that do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from booking_lab.core.workload import Record, Row
from booking_lab.db.pool import ConnectionSource
from booking_lab.db.session import PostgresSession
from booking_lab.errors import DatabaseSilent, DatabaseUnavailable, StartOver, StrategyFault
from booking_lab.runtime import selection
from booking_lab.runtime.selection import Selection

T = TypeVar("T")


class SessionProvider:
    """Gives each booking a session that takes its connection from a pool.

    Attributes:
        last: the selection that was read last; none: none yet.
    """

    def __init__(self, pool: ConnectionSource) -> None:
        self._pool = pool
        self.last: Selection | None = None
        self._outdated: Selection | None = None

    @contextmanager
    def session(self, *, altered: bool = False) -> Iterator[tuple[DeferredSession, Selection]]:
        """Provide a session for one booking, with the selection to begin under.

        Args:
            altered: whether others than the lab send statements in it, whatever the strategy does.

        Raises:
            PoolTimeout: no connection came free in time.
            DatabaseUnavailable: the server doesn't answer.
            StartOver: from inside, if the selection is another one; ask again.
        """
        session = DeferredSession(self, altered=altered)
        try:
            assumed = self.last
            if assumed is None or assumed is self._outdated:
                assumed = session.read_selection()
            session.assumed = assumed
            yield session, assumed
        except StartOver:
            self._outdated = session.assumed
            raise
        finally:
            session.close()

    @contextmanager
    def checkout(self) -> Iterator[tuple[PostgresSession, Selection]]:
        """Lend a connection that lives, and the selection as it is now."""
        with self._pool.session(selection.read) as (session, current):
            self.last = current
            yield session, current

    def checkout_unchecked(self) -> AbstractContextManager[tuple[PostgresSession, None]]:
        """Lend a connection that may have died while it was idle; nothing is sent to find out."""
        return self._pool.session(lambda _: None)


class DeferredSession:
    """A booking's session: it has a connection from its first statement until it rests or ends.

    Attributes:
        assumed: the selection that the booking has begun under.
        verified: whether it is known that this is the lab's selection, or was when it was looked.
    """

    def __init__(self, provider: SessionProvider, *, altered: bool) -> None:
        self.assumed: Selection | None = None
        self.verified = False
        self._provider = provider
        self._session: PostgresSession | None = None
        self._lent: AbstractContextManager[object] | None = None
        self._isolation: str | None = None
        self._altered = altered
        self._kept = self._lives = self._begun = False

    @property
    def process_id(self) -> int:
        """PostgreSQL's process id of the connection; 0 while there is none."""
        return self._session.process_id if self._session else 0

    # --- the selection ---------------------------------------------------------------------------

    def read_selection(self) -> Selection:
        """Read the selection on a connection that is kept; it is verified by that."""
        current = self._take(self._provider.checkout())
        self.verified = True
        return current

    def verify_with_next(self) -> None:
        """Have the next statement of the transaction fail if the selection is another one by then.

        More bookings may rest on it than when it was looked at.
        """
        if not self._begun:
            raise StrategyFault("The strategy read for a batch outside of attempt.transaction().")
        self.verified = False

    def verify_now(self) -> None:
        """Find out whether the selection is the one assumed, unless that is known.

        Raises:
            StartOver: it is another one.
        """
        if self.verified:
            return
        if self._begun:  # the connection is the transaction's
            self.execute("SELECT")
        elif self.read_selection() != self.assumed:
            self.verified = False
            raise StartOver

    # --- the connection --------------------------------------------------------------------------

    def release_connection(self) -> None:
        """Give the connection back: something else is waited for.

        Unless a strategy's own statements have made something of it, which has to be there yet.
        """
        if not self._kept:
            self._give_back()

    def acquire_connection(self) -> None:
        """Take a connection."""
        if not self._session:
            self._take(self._provider.checkout_unchecked())

    def mark_altered(self) -> None:
        """Expect anything of what follows, on whichever connection."""
        self._altered = self._kept = True
        if self._session:
            self._session.mark_altered()

    def close(self) -> None:
        """Give the connection back for good."""
        self._give_back()

    # --- statements ------------------------------------------------------------------------------

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows."""
        if not self._begun:  # it stands by itself, so it must not be sent twice
            self.verify_now()
            if not (self._session and self._lives):
                self._take(self._provider.checkout())
        if not self._session:  # it was lost, and no other one could be had
            raise DatabaseUnavailable
        lived, self._lives = self._lives, True
        try:
            return self._execute(self._session, statement, parameters)
        except DatabaseUnavailable as error:
            # A server that is silent would be so on the next connection, too.
            if lived or isinstance(error, DatabaseSilent) or not self._session.lost:
                raise
        # It had died while it was idle. Nothing of the transaction stands, so another one will do.
        self._take(self._provider.checkout())
        self._session.begin(self._isolation)
        return self._execute(self._session, statement, parameters)

    def require_same_transaction(self) -> None:
        """Have COMMIT fail unless the open transaction, and all written in it, is there then."""
        assert self._session, "no transaction was begun"
        self._session.require_same_transaction()

    def begin(self, isolation: str | None) -> None:
        """Open a transaction with the next statement."""
        # What travels with it finds out whether the connection lives.
        self.acquire_connection()
        assert self._session
        self._isolation, self._begun = isolation, True
        self._session.begin(isolation)

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

    def _execute(
        self,
        session: PostgresSession,
        statement: str,
        parameters: Mapping[str, object] | None,
    ) -> list[Row]:
        if not self.verified:
            assert self.assumed
            selection.assert_unchanged(session, self.assumed)
        rows = session.execute(statement, parameters)
        self.verified = True
        return rows

    def _take(self, lent: AbstractContextManager[tuple[PostgresSession, T]]) -> T:
        """Take the connection that is lent, and return what was found out with it."""
        self._give_back()
        self._session, found = lent.__enter__()
        self._lent, self._lives = lent, found is not None
        self._session.altered |= self._altered
        return found

    def _give_back(self) -> None:
        lent, self._lent, self._session = self._lent, None, None
        self._lives = False
        if lent:
            lent.__exit__(None, None, None)
