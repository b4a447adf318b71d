"""One connection, with transactions that cost no round trip of their own to begin."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_UNKNOWN

from booking_lab.core.statement import Statement
from booking_lab.core.workload import Record, Row
from booking_lab.db.bounded import BoundedConnection
from booking_lab.db.sqlstate import translate
from booking_lab.errors import CommitUnknown, DatabaseUnavailable, StrategyFault

#: A setting that ends with the transaction, or with the savepoint that it was made behind.
_MARK = "SELECT set_config('booking_lab.transaction', 'open', true)"
#: The code of the lab's own that says that it has ended.
_HAS_ENDED = "LB002"
_EXPECT_MARK = f"""
DO $$ BEGIN
    IF current_setting('booking_lab.transaction', true) IS DISTINCT FROM 'open' THEN
        RAISE 'the transaction has ended' USING ERRCODE = '{_HAS_ENDED}';
    END IF;
END $$
"""


#: Where a transaction plans by other settings, it has plans of its own.
_INDEXED = "_indexed"
#: The class of errors that say that a statement itself is wrong.
_WRONG = "42"


class PostgresSession:
    """A psycopg2 connection in autocommit mode; transactions are opened and closed explicitly.

    psycopg2 would send BEGIN as a message of its own. Here it travels ahead of the transaction's
    first statement, and the booking's record ahead of COMMIT.

    A ``Statement`` is prepared in the message in which the connection sends it for the first time.
    Once somebody's own statements were sent, which may undo that, nothing is prepared any more.
    """

    def __init__(self, raw: BoundedConnection) -> None:
        self._raw = raw
        self._cursor = raw.cursor()
        self._begin = self._prepended = ""
        self._preparing: dict[str, str] = {}
        self._mode = ""
        self._failed = False
        self._marked = False
        #: Whether its settings, its locks or its temporary tables may be other ones by now.
        self.altered = False
        self.process_id = raw.get_backend_pid()

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows, none if it returns none."""
        try:
            self._send(self._text_to_send(statement), parameters)
            return self._cursor.fetchall() if self._cursor.description else []
        except psycopg2.Error as error:
            raise self._translated(error) from error

    def mark_altered(self) -> None:
        """Expect statements of somebody's own, which may change what the session is like."""
        self.altered = True

    def require_same_transaction(self) -> None:
        """Have COMMIT fail unless the open transaction, and all written in it, is there then.

        A statement of somebody's own may end it, begin another one, or go back to a savepoint.
        """
        if not self._marked:
            self._marked = True
            self.prepend(_MARK)

    def release_connection(self) -> None:
        """Nothing: the connection belongs to whoever has it."""

    def acquire_connection(self) -> None:
        """Nothing: it never rests."""

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Wait no longer than this for an answer in the block, whatever the limit is otherwise."""
        return self._raw.within(seconds)

    def prepend(self, statement: str, parameters: Mapping[str, object] | None = None) -> None:
        """Send ``statement`` ahead of the next one, in the same message; its rows are nobody's.

        If it fails, so does the next one, and isn't run.
        """
        text = self._text_to_send(statement)
        self._prepended += f"{self._cursor.mogrify(text, parameters).decode()};\n"

    def begin(self, isolation: str | None = None) -> None:
        """Open a transaction with the next statement.

        At SERIALIZABLE, PostgreSQL notes what was read, and who scans a table has read all of it:
        customers of different seats would be in each other's way, wherever a small table is
        scanned because that is cheaper. So there indexes are taken, if there are any.
        """
        self._marked = False
        self._begin = f"BEGIN ISOLATION LEVEL {isolation};\n" if isolation else "BEGIN;\n"
        self._mode = ""
        if isolation == "SERIALIZABLE":
            self._begin += "SET LOCAL enable_seqscan = off;\n"
            self._mode = _INDEXED

    def verify_with_next(self) -> None:
        """Nothing: whoever has the connection has read the selection, if it needs one."""

    def verify_now(self) -> None:
        """Nothing, likewise."""

    def commit(self, record: Record | None = None) -> None:
        """Write ``record``, if any, and commit, in one message.

        Raises:
            CommitUnknown: the connection was lost, so that nobody knows whether COMMIT arrived.
            StrategyFault: there is something to record, and the transaction that it belongs to has
                ended, or what was written in it was undone.
        """
        if self._raw.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            self._clear_prefix()
            if record:  # what was written has been undone, or stands without its record
                raise _ended_by_itself()
            return  # nothing was ever sent
        if self._marked:
            self.prepend(_EXPECT_MARK)
        statement, parameters = record.statement() if record else ("", {})
        statement = f"{self._text_to_send(statement)};\nCOMMIT" if statement else "COMMIT"
        try:
            self._send(statement, parameters)
        except psycopg2.Error as error:
            if self.lost:
                raise CommitUnknown from error
            self.rollback()
            if error.pgcode == _HAS_ENDED:
                raise _ended_by_itself() from error
            raise self._translated(error) from error
        self._mode = ""

    def rollback(self) -> None:
        """Undo the open transaction, if any; a dead connection has done so already."""
        self._clear_prefix()
        self._mode = ""
        if self._raw.closed or self._raw.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            return
        try:
            self._cursor.execute("ROLLBACK")
        except psycopg2.Error:
            # The server rolls back what a lost connection left; the pool drops the connection.
            self._raw.close()

    def _text_to_send(self, statement: str) -> str:
        """Return the call of a statement that is prepared, or will be by then; else itself."""
        prepared = self._raw.prepared
        if prepared is None or self.altered or not isinstance(statement, Statement):
            return statement
        name = statement.name + self._mode
        if name not in prepared:
            self._preparing[name] = f"{statement.prepare(name)};\n"
        return statement.call(name)

    def _send(self, statement: str, parameters: Mapping[str, object] | None) -> None:
        """Send all that there is to send: the transaction's begin, what goes ahead, and this."""
        begin, preparing, ahead = self._begin, self._preparing, self._prepended
        self._clear_prefix()
        if parameters is not None:  # then a percent sign would be one more of them; these have none
            ahead = ahead.replace("%", "%%")
        # Behind BEGIN: before it, PREPARE would have taken a snapshot at another isolation level.
        text = "".join((begin, *preparing.values(), ahead, statement))
        try:
            self._cursor.execute(text, parameters)
        except psycopg2.Error as error:
            # All PREPAREs go ahead of all that runs, and what they have done is never undone. So
            # unless a statement itself was wrong, it is known that each of them has succeeded.
            self._failed |= bool(preparing) and (error.pgcode or _WRONG).startswith(_WRONG)
            self._mark_prepared(preparing)
            raise
        self._mark_prepared(preparing)

    def _mark_prepared(self, prepared: Mapping[str, str]) -> None:
        if self._raw.prepared is not None:
            self._raw.prepared.update(prepared)

    def _clear_prefix(self) -> None:
        self._begin = self._prepended = ""
        self._preparing = {}

    def _translated(self, error: psycopg2.Error) -> Exception:
        ours = translate(error)
        # A server that can't, may be another one by the next time that somebody connects.
        self._failed |= isinstance(ours, DatabaseUnavailable)
        return ours

    @property
    def lost(self) -> bool:
        """Whether there is no connection any more; the driver may not have closed it yet."""
        if self._raw.closed:
            return True
        return self._raw.get_transaction_status() == TRANSACTION_STATUS_UNKNOWN

    @property
    def usable(self) -> bool:
        """Whether the connection can serve another booking."""
        if self._failed or self._raw.closed:
            return False
        return self._raw.get_transaction_status() == TRANSACTION_STATUS_IDLE


def _ended_by_itself() -> StrategyFault:
    return StrategyFault(
        "The strategy ended its transaction, or undid its booking, by a statement of its own; "
        "leave that to attempt.transaction()."
    )
