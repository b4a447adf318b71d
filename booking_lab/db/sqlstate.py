"""From PostgreSQL's error codes to the lab's errors."""

from __future__ import annotations

import psycopg2

from booking_lab.db.bounded import ServerSilent
from booking_lab.errors import (
    DatabaseSilent,
    DatabaseUnavailable,
    DeadlockDetected,
    LockTimeout,
    SerializationFailure,
    StartOver,
    TimedOut,
    Violated,
)

#: https://www.postgresql.org/docs/current/errcodes-appendix.html
_ERRORS: dict[str, type[Exception]] = {
    "40001": SerializationFailure,
    "40P01": DeadlockDetected,
    "55P03": LockTimeout,  # lock_not_available: lock_timeout, or NOWAIT
    "57014": TimedOut,  # query_canceled: statement_timeout
    "25P03": TimedOut,  # idle_in_transaction_session_timeout
    "25P04": TimedOut,  # transaction_timeout
    "LB001": StartOver,  # the lab's own, see migrations
}
#: unique_violation, exclusion_violation, check_violation: the database refused.
_VIOLATIONS = {"23505", "23P01", "23514"}
#: What the server can't do, whoever asks: connection exceptions (08), it only reads (25006), no
#: resources (53), it goes down or comes up, or the database is dropped (57P), an error of the
#: system or of a disk (58), of its configuration files (F0), or of its own (XX).
_CANNOT = ("08", "25006", "53", "57P", "58", "F0", "XX")
#: What is wrong without a word of the server, and no lost connection either. Those show in many
#: ways, a crash of the server for one as a plain DatabaseError on the next use.
_MISUSE = (
    psycopg2.ProgrammingError,
    psycopg2.NotSupportedError,
    psycopg2.DataError,
    psycopg2.IntegrityError,
)


def translate(error: psycopg2.Error) -> Exception:
    """Return the lab's error for the driver's, or ``error`` itself if it is a bug of ours."""
    if isinstance(error, ServerSilent):
        return DatabaseSilent()
    code = error.pgcode or ""
    if code in _ERRORS:
        return _ERRORS[code]()
    if code in _VIOLATIONS:
        return Violated(error.diag.constraint_name)
    if code.startswith(_CANNOT):
        said = error.diag.message_primary or code
        return DatabaseUnavailable(
            f"PostgreSQL can't do this now ({said}); nothing was booked. Try again.",
            said,
            answered=True,
        )
    if not code and not isinstance(error, _MISUSE):
        return DatabaseUnavailable()
    return error


def connection_failure(error: psycopg2.Error) -> DatabaseUnavailable:
    """Return the error of a connection that could not be opened.

    Its message is for everybody, and doesn't quote the driver, who names hosts and users.
    """
    if isinstance(error, ServerSilent):
        return DatabaseSilent()
    said = str(error).strip().partition("\n")[0].rpartition("failed: ")[2].strip()
    return DatabaseUnavailable(
        "No connection to PostgreSQL could be made; nothing was booked. Try again.", said
    )
