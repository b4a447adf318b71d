"""Database sessions that send BEGIN, and other additions, together with the next statement."""

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

#: A setting that ends with the transaction, or with a rollback to an earlier savepoint.
_MARK = "SELECT set_config('booking_lab.transaction', 'open', true)"
#: The lab's own error code for a transaction that has ended.
_HAS_ENDED = "LB002"
_EXPECT_MARK = f"""
DO $$ BEGIN
    IF current_setting('booking_lab.transaction', true) IS DISTINCT FROM 'open' THEN
        RAISE 'the transaction has ended' USING ERRCODE = '{_HAS_ENDED}';
    END IF;
END $$
"""


#: Suffix of prepared statements in transactions that are planned with other settings.
_INDEXED = "_indexed"
#: The class of PostgreSQL's errors about a wrong statement.
_WRONG = "42"


class PostgresSession:
    """A psycopg2 connection in autocommit mode; transactions are opened and closed explicitly.

    psycopg2 would send BEGIN as a message of its own. This session sends it in one message with the
    transaction's first statement, and the booking's record in one message with COMMIT.

    A ``Statement`` is prepared in the message that sends it for the first time. After foreign
    statements, which can remove prepared statements, the session prepares nothing any more.

    Attributes:
        raw: the driver's connection.
        altered: whether foreign statements may have changed settings, locks or temporary tables.
        process_id: the id of the server process.
    """

    def __init__(self, raw: BoundedConnection) -> None:
        self.raw = raw
        self._cursor = raw.cursor()
        self._begin = self._prepended = ""
        self._preparing: dict[str, str] = {}
        self._mode = ""
        self._failed = False
        self._marked = False
        self.altered = False
        self.process_id = raw.get_backend_pid()

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows; an empty list if it has no result."""
        try:
            self._send(self._text_to_send(statement), parameters)
            return self._cursor.fetchall() if self._cursor.description else []
        except psycopg2.Error as error:
            raise self._translated(error) from error

    def mark_altered(self) -> None:
        """Note that foreign statements follow, which can change the state of the session."""
        self.altered = True

    def require_same_transaction(self) -> None:
        """Make COMMIT fail if the open transaction, or a part of it, has ended before.

        A foreign statement can end it, begin another one, or roll back to a savepoint.
        """
        if not self._marked:
            self._marked = True
            self.prepend(_MARK)

    def release_connection(self) -> None:
        """Do nothing: this session keeps its connection."""

    def acquire_connection(self) -> None:
        """Do nothing: this session has a connection."""

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Limit the wait for each answer in the block to ``seconds``, or to the present limit."""
        return self.raw.within(seconds)

    def prepend(self, statement: str, parameters: Mapping[str, object] | None = None) -> None:
        """Put ``statement`` in front of the next one, in the same message; discard its result.

        If it fails, the next statement fails with its error, and is not run.
        """
        text = self._text_to_send(statement)
        self._prepended += f"{self._cursor.mogrify(text, parameters).decode()};\n"

    def begin(self, isolation: str | None = None) -> None:
        """Open a transaction; BEGIN is sent together with the next statement.

        At SERIALIZABLE, PostgreSQL tracks reads, and a sequential scan reads the whole table. With
        a small table, a scan is cheaper than an index, so bookings of different seats would
        conflict. Therefore such a transaction uses indexes where they exist.
        """
        self._marked = False
        self._begin = f"BEGIN ISOLATION LEVEL {isolation};\n" if isolation else "BEGIN;\n"
        self._mode = ""
        if isolation == "SERIALIZABLE":
            self._begin += "SET LOCAL enable_seqscan = off;\n"
            self._mode = _INDEXED

    def verify_with_next(self) -> None:
        """Do nothing: a session of its own is not bound to a selection."""

    def verify_now(self) -> None:
        """Do nothing: a session of its own is not bound to a selection."""

    def commit(self, record: Record | None = None) -> None:
        """Write ``record``, if any, and commit, in one message.

        Raises:
            CommitUnknown: the connection was lost, and it is not known whether COMMIT has arrived.
            StrategyFault: there is a record, but its transaction has ended, or a part of it was
                rolled back.
        """
        if self.raw.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            self._clear_prefix()
            if record:  # the booking was rolled back, or committed without its record
                raise _ended_by_itself()
            return  # no statement was sent
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
        """Roll back the open transaction, if any; the server has done so for a dead connection."""
        self._clear_prefix()
        self._mode = ""
        if self.raw.closed or self.raw.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            return
        try:
            self._cursor.execute("ROLLBACK")
        except psycopg2.Error:
            # The server rolls back the transaction of a lost connection; the pool drops it.
            self.raw.close()

    def _text_to_send(self, statement: str) -> str:
        """Return EXECUTE for a statement that can be prepared, and the text of any other."""
        prepared = self.raw.prepared
        if prepared is None or self.altered or not isinstance(statement, Statement):
            return statement
        name = statement.name + self._mode
        if name not in prepared:
            self._preparing[name] = f"{statement.prepare(name)};\n"
        return statement.call(name)

    def _send(self, statement: str, parameters: Mapping[str, object] | None) -> None:
        """Send ``statement`` with everything that has to precede it, in one message."""
        begin, preparing, ahead = self._begin, self._preparing, self._prepended
        self._clear_prefix()
        if parameters is not None:  # then the driver would take a percent sign for a parameter
            ahead = ahead.replace("%", "%%")
        # PREPARE comes after BEGIN: before it, it would take a snapshot at another isolation level.
        text = "".join((begin, *preparing.values(), ahead, statement))
        try:
            self._cursor.execute(text, parameters)
        except psycopg2.Error as error:
            # All PREPAREs come before the other statements, and a rollback does not undo them. So
            # each of them has succeeded, unless the error is about a wrong statement.
            self._failed |= bool(preparing) and (error.pgcode or _WRONG).startswith(_WRONG)
            self._mark_prepared(preparing)
            raise
        self._mark_prepared(preparing)

    def _mark_prepared(self, prepared: Mapping[str, str]) -> None:
        if self.raw.prepared is not None:
            self.raw.prepared.update(prepared)

    def _clear_prefix(self) -> None:
        self._begin = self._prepended = ""
        self._preparing = {}

    def _translated(self, error: psycopg2.Error) -> Exception:
        ours = translate(error)
        # After a failover, the next connection may reach another server; this one is dropped.
        self._failed |= isinstance(ours, DatabaseUnavailable)
        return ours

    @property
    def lost(self) -> bool:
        """Whether the connection is lost, even if the driver has not closed it yet."""
        if self.raw.closed:
            return True
        return self.raw.get_transaction_status() == TRANSACTION_STATUS_UNKNOWN

    @property
    def usable(self) -> bool:
        """Whether the connection can serve another booking."""
        if self._failed or self.raw.closed:
            return False
        return self.raw.get_transaction_status() == TRANSACTION_STATUS_IDLE


def _ended_by_itself() -> StrategyFault:
    return StrategyFault(
        "The strategy ended its transaction, or undid its booking, by a statement of its own; "
        "leave that to attempt.transaction()."
    )
