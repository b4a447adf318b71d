"""The session of a booker: it records its messages, and can be made to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from booking_lab.core.workload import Row
from booking_lab.db.connector import Connector
from booking_lab.errors import (
    BookingLabError,
    CommitUnknown,
    DeadlockDetected,
    LockTimeout,
    TimedOut,
)
from booking_lab.explorer.recording.preparing_session import PreparingSession
from booking_lab.explorer.recording.schedule_run import Message, TransactionEnd
from booking_lab.runtime import selection

#: The messages of PostgreSQL when it ends a wait itself.
_MESSAGES: dict[type[BookingLabError], str] = {
    DeadlockDetected: "deadlock detected",
    LockTimeout: "canceling statement due to lock timeout",
}


class RecordingSession(PreparingSession):
    """A session that records its messages, and that can lose an answer or its connection.

    Args:
        connector: opens the connection.
        record: called with each message before it is sent; rows or error are added later.
    """

    def __init__(self, connector: Connector, record: Callable[[Message], None]) -> None:
        super().__init__(connector.connect())
        self._connector = connector
        self._record = record
        self._sent_ahead = ""
        self._begins = False
        #: Whether the answer to the next COMMIT gets lost.
        self.loses_answer = False
        #: The error to raise for the statement under way, which was cancelled for it.
        self.cancelled_by: type[BookingLabError] | None = None

    def begin(self, isolation: str | None = None) -> None:
        """Begin a transaction, with the next message."""
        super().begin(isolation)
        self._begins = True

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and record it."""
        ahead, self._sent_ahead = self._sent_ahead, ""
        begins, self._begins = self._begins, False
        message = Message(self._begin + ahead + statement, parameters or {}, begins=begins)
        with self._recorded(message):
            message.rows = rows = super().execute(statement, parameters)
        return rows

    def prepend(self, statement: str, parameters: Mapping[str, object] | None = None) -> None:
        """Send ``statement`` in front of the next one, and record both as one message."""
        super().prepend(statement, parameters)
        # There are no switches and resets in an exploration, so this check is not recorded.
        if statement is not selection.ASSERT_UNCHANGED:
            self._sent_ahead += f"{self._cursor.mogrify(statement, parameters).decode()};\n"

    def commit(self, *records: object) -> None:
        """Commit; the answer gets lost if ``loses_answer`` is set."""
        self._sent_ahead = ""
        message = Message(TransactionEnd.COMMIT, {}, ends=TransactionEnd.COMMIT)
        with self._recorded(message):
            super().commit(*records)  # type: ignore[arg-type]
        if self.loses_answer:
            self.loses_answer = False
            self.close_abruptly()
            message.error = "no answer: the connection is gone"
            raise CommitUnknown
        message.rows = []

    def rollback(self) -> None:
        """Undo the open transaction."""
        self._sent_ahead = ""
        self._record(Message(TransactionEnd.ROLLBACK, {}, rows=[], ends=TransactionEnd.ROLLBACK))
        super().rollback()

    def release_session_locks(self) -> None:
        """Release the locks of the session; the scheduler calls this between schedules.

        The message is not recorded.
        """
        super().execute("SELECT pg_advisory_unlock_all()")

    @property
    def is_open(self) -> bool:
        """Whether the connection is open."""
        return not self.raw.closed

    def close_abruptly(self) -> None:
        """Close the connection, as if the process had died."""
        self.raw.close()

    def give_back(self) -> None:
        """Return the connection to its connector."""
        self._connector.disconnect(self.raw)

    @contextmanager
    def _recorded(self, message: Message) -> Iterator[None]:
        """Record ``message`` before it is sent, and then its error."""
        self._record(message)
        try:
            yield
        except Exception as error:
            if self.cancelled_by and isinstance(error, TimedOut):
                message.error = _MESSAGES[self.cancelled_by]
                raise self.cancelled_by from error
            message.error = _first_line(error)
            raise
        finally:
            self.cancelled_by = None


def _first_line(error: Exception) -> str:
    """Return the first line of PostgreSQL's own error message."""
    return str(error.__cause__ or error).partition("\n")[0]
