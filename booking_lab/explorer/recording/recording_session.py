"""A booker's session: what it sends is taken down, and faults can be let loose on it."""

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

#: What PostgreSQL says when it ends a wait itself.
_MESSAGES: dict[type[BookingLabError], str] = {
    DeadlockDetected: "deadlock detected",
    LockTimeout: "canceling statement due to lock timeout",
}


class RecordingSession(PreparingSession):
    """A session that takes down what is sent, and that faults can be let loose on.

    Args:
        connector: opens its connection.
        take_down: gets each message before it is sent; its rows or its error follow.
    """

    def __init__(self, connector: Connector, take_down: Callable[[Message], None]) -> None:
        super().__init__(connector.connect())
        self._connector = connector
        self._record = take_down
        self._sent_ahead = ""
        self._begins = False
        #: The answer to the next COMMIT is lost on its way.
        self.loses_answer = False
        #: The error that the statement under way was cancelled to bring about.
        self.cancelled_by: type[BookingLabError] | None = None

    def begin(self, isolation: str | None = None) -> None:
        """Begin a transaction, with the next message."""
        super().begin(isolation)
        self._begins = True

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and take it down."""
        told, self._sent_ahead = self._sent_ahead, ""
        begins, self._begins = self._begins, False
        message = Message(self._begin + told + statement, parameters or {}, begins=begins)
        with self._recorded(message):
            message.rows = rows = super().execute(statement, parameters)
        return rows

    def ahead(self, statement: str, parameters: Mapping[str, object] | None = None) -> None:
        """Send ``statement`` ahead of the next one, and take it down with it."""
        super().ahead(statement, parameters)
        # Nobody switches or resets in an exploration: that nobody did belongs to no schedule.
        if statement is not selection.EXPECT:
            self._sent_ahead += f"{self._cursor.mogrify(statement, parameters).decode()};\n"

    def commit(self, *records: object) -> None:
        """Commit; the answer may get lost."""
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
        """Give back the locks that outlive a transaction; the stage's to call, between schedules.

        Nobody's message: it is not taken down.
        """
        super().execute("SELECT pg_advisory_unlock_all()")

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return not self._raw.closed

    def close_abruptly(self) -> None:
        """Lose the connection."""
        self._raw.close()

    def give_back(self) -> None:
        """Give the connection back."""
        self._connector.disconnect(self._raw)

    @contextmanager
    def _recorded(self, message: Message) -> Iterator[None]:
        """Take ``message`` down while it is under way, and the error that it comes to."""
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
    """Return what PostgreSQL itself said, in a line."""
    return str(error.__cause__ or error).partition("\n")[0]
