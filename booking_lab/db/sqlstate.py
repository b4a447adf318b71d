"""Translation of PostgreSQL's error codes into the lab's errors."""

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
#: Codes of a server that can't work, whatever the statement is: connection exceptions (08),
#: read-only mode (25006), no resources (53), shutdown, startup or a dropped database (57P), system
#: and disk errors (58), configuration files (F0) and internal errors (XX).
_CANNOT = ("08", "25006", "53", "57P", "58", "F0", "XX")
#: Errors of the driver without a code that are not a lost connection. A lost connection has many
#: forms: a crash of the server shows as a plain DatabaseError at the next use.
_MISUSE = (
    psycopg2.ProgrammingError,
    psycopg2.NotSupportedError,
    psycopg2.DataError,
    psycopg2.IntegrityError,
)


def translate(error: psycopg2.Error) -> Exception:
    """Return the lab's error for the driver's; ``error`` itself if its cause is a bug."""
    if isinstance(error, ServerSilent):
        return DatabaseSilent()
    code = error.pgcode or ""
    if code in _ERRORS:
        return _ERRORS[code]()
    if code in _VIOLATIONS:
        return Violated(error.diag.constraint_name)
    if code.startswith(_CANNOT):
        reason = error.diag.message_primary or code
        return DatabaseUnavailable(
            f"PostgreSQL can't do this now ({reason}); nothing was booked. Try again.",
            reason,
            answered=True,
        )
    if not code and not isinstance(error, _MISUSE):
        return DatabaseUnavailable()
    return error


def connection_failure(error: psycopg2.Error) -> DatabaseUnavailable:
    """Return the lab's error for a connection that could not be opened.

    Its message is public, so it does not quote the driver, which names hosts and users.
    """
    if isinstance(error, ServerSilent):
        return DatabaseSilent()
    reason = str(error).strip().partition("\n")[0].rpartition("failed: ")[2].strip()
    return DatabaseUnavailable(
        "No connection to PostgreSQL could be made; nothing was booked. Try again.", reason
    )
