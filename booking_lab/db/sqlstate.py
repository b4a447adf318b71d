"""From PostgreSQL's error codes to the lab's errors."""

from __future__ import annotations

import psycopg2

from booking_lab.errors import (
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
    "53300": DatabaseUnavailable,  # too_many_connections
    "LB001": StartOver,  # the lab's own, see schema.sql
}
#: unique_violation, exclusion_violation, check_violation: the database refused.
_VIOLATIONS = {"23505", "23P01", "23514"}
#: Connection exceptions, and the server going down or coming up.
_UNAVAILABLE = ("08", "57P01", "57P02", "57P03", "57P05")


def translated(error: psycopg2.Error) -> Exception:
    """Return the lab's error for the driver's, or ``error`` itself if it is a bug of ours."""
    code = error.pgcode or ""
    if code in _ERRORS:
        return _ERRORS[code]()
    if code in _VIOLATIONS:
        return Violated(error.diag.constraint_name)
    if code.startswith(_UNAVAILABLE) or (
        not code and isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    ):
        return DatabaseUnavailable()
    return error
