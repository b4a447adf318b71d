"""Sessions of bookings: when a booking has a connection, and under which selection it runs.

A booking begins without a connection, under the selection that its process has read last. The first
message of its transaction fails if the selection has changed. Then the booking starts over. Nothing
was done by then, and the check needs no message of its own. Before a step that no rollback can
undo, such as a lease, the selection is read first.

While a booking waits for a lease, for a batch's writer or for its next try, it holds no connection.
So bookings without a rival don't wait for a connection that a waiting booking holds.
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
        last: the selection that was read last; none before the first one.
    """

    def __init__(self, pool: ConnectionSource) -> None:
        self._pool = pool
        self.last: Selection | None = None
        self._outdated: Selection | None = None

    @contextmanager
    def session(self, *, altered: bool = False) -> Iterator[tuple[DeferredSession, Selection]]:
        """Provide a session for one booking, with the selection to begin under.

        Args:
            altered: whether foreign statements are sent in it, whatever the strategy does.

        Raises:
            PoolTimeout: no connection came free in time.
            DatabaseUnavailable: the server doesn't answer.
            StartOver: the block has found that the selection has changed; call this again.
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
        """Check out a live connection, with the present selection."""
        with self._pool.session(selection.read) as (session, current):
            self.last = current
            yield session, current

    def checkout_unchecked(self) -> AbstractContextManager[tuple[PostgresSession, None]]:
        """Check out a connection without a liveness check; it may have died while it was idle."""
        return self._pool.session(_no_check)


class DeferredSession:
    """A booking's session, which takes a connection at its first statement.

    It gives the connection back before a wait, and at its end.

    Attributes:
        assumed: the selection that the booking has begun under.
        verified: whether a check has shown that ``assumed`` is the lab's selection.
    """

    def __init__(self, provider: SessionProvider, *, altered: bool) -> None:
        self.assumed: Selection | None = None
        self.verified = False
        self._provider = provider
        self._session: PostgresSession | None = None
        self._checked_out: AbstractContextManager[object] | None = None
        self._isolation: str | None = None
        self._altered = altered
        self._keeps_connection = self._is_alive = self._begun = False

    @property
    def process_id(self) -> int:
        """PostgreSQL's process id of the connection; 0 while there is none."""
        return self._session.process_id if self._session else 0

    # --- the selection ---------------------------------------------------------------------------

    def read_selection(self) -> Selection:
        """Read the selection, and keep the connection; the selection counts as verified."""
        current = self._check_out(self._provider.checkout())
        self.verified = True
        return current

    def verify_with_next(self) -> None:
        """Make the next statement of the transaction check the selection.

        A batch may contain bookings that began after the last check.
        """
        if not self._begun:
            raise StrategyFault("The strategy read for a batch outside of attempt.transaction().")
        self.verified = False

    def verify_now(self) -> None:
        """Check that the selection is the assumed one, unless that is known.

        Raises:
            StartOver: it has changed.
        """
        if self.verified:
            return
        if self._begun:  # the transaction needs the connection
            self.execute("SELECT")
        elif self.read_selection() != self.assumed:
            self.verified = False
            raise StartOver

    # --- the connection --------------------------------------------------------------------------

    def release_connection(self) -> None:
        """Give the connection back, because a wait follows.

        It stays if foreign statements may have changed the state of the session, which the strategy
        may rely on.
        """
        if not self._keeps_connection:
            self._check_in()

    def acquire_connection(self) -> None:
        """Take a connection."""
        if not self._session:
            self._check_out(self._provider.checkout_unchecked())

    def mark_altered(self) -> None:
        """Note that foreign statements follow, on this connection and on later ones."""
        self._altered = self._keeps_connection = True
        if self._session:
            self._session.mark_altered()

    def close(self) -> None:
        """Give the connection back for good."""
        self._check_in()

    # --- statements ------------------------------------------------------------------------------

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows."""
        if not self._begun:  # outside of a transaction, it must not be sent twice
            self.verify_now()
            if not (self._session and self._is_alive):
                self._check_out(self._provider.checkout())
        if not self._session:  # it was lost, and there was no other one
            raise DatabaseUnavailable
        was_alive, self._is_alive = self._is_alive, True
        try:
            return self._execute(self._session, statement, parameters)
        except DatabaseUnavailable as error:
            # A silent server would be silent on the next connection, too.
            if was_alive or isinstance(error, DatabaseSilent) or not self._session.lost:
                raise
        # The connection died while it was idle. The transaction has no effects yet, so a new one
        # can take its place.
        self._check_out(self._provider.checkout())
        self._session.begin(self._isolation)
        return self._execute(self._session, statement, parameters)

    def require_same_transaction(self) -> None:
        """Make COMMIT fail if the open transaction, or a part of it, has ended before."""
        assert self._session, "no transaction was begun"
        self._session.require_same_transaction()

    def begin(self, isolation: str | None) -> None:
        """Open a transaction; BEGIN is sent together with the next statement."""
        # The first statement shows whether the connection is alive.
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
        """Roll back the open transaction, if any."""
        self._begun = False
        if self._session:  # none if the connection was lost and there was no other one
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

    def _check_out(self, checkout: AbstractContextManager[tuple[PostgresSession, T]]) -> T:
        """Take a connection, and return the result of its first statement."""
        self._check_in()
        self._session, result = checkout.__enter__()
        self._checked_out, self._is_alive = checkout, result is not None
        self._session.altered |= self._altered
        return result

    def _check_in(self) -> None:
        checkout, self._checked_out, self._session = self._checked_out, None, None
        self._is_alive = False
        if checkout:
            checkout.__exit__(None, None, None)


def _no_check(_: PostgresSession) -> None:
    """Send nothing."""
