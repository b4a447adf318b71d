"""Servers of the user's own: whether they answer, said without giving their passwords away."""

from __future__ import annotations

import psycopg2
from psycopg2.extensions import parse_dsn

from booking_lab.config import place_of
from booking_lab.stack import valkey
from booking_lab.stack.errors import StackError


def check_database(url: str) -> None:
    """See that the PostgreSQL of ``DATABASE_URL`` answers.

    Raises:
        StackError: it doesn't; says where it was sought and why it failed.
    """
    try:
        parts = parse_dsn(url)
    except psycopg2.ProgrammingError:
        # The driver would quote what it failed to read, and that may be the password.
        raise StackError(
            "DATABASE_URL can't be read: it takes postgresql://user:password@host:port/database, "
            "with special characters in the password written as %XX."
        ) from None
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.OperationalError as error:
        where = f"{parts.get('host', 'localhost')}:{parts.get('port', '5432')}"
        why = _reason(str(error), parts.get("password", ""))
        # With a stray '@' the password has spilled into what should be the host or the port.
        if "@" in "".join(parts.get(name, "") for name in ("host", "port", "dbname")):
            where, why = "its host", "write an '@' in the password as %40"
        raise StackError(
            f"PostgreSQL of DATABASE_URL does not answer at {where}: {why}. "
            f"Start it, or unset DATABASE_URL to use the embedded one."
        ) from None


def check_redis(url: str, variable: str = "REDIS_URL") -> None:
    """See that a Redis which a variable names answers.

    Raises:
        StackError: it doesn't; says where it was sought.
    """
    try:
        where = place_of(url)
        answers = valkey.answers(url, seconds=3)
    except ValueError:
        raise StackError(
            f"{variable} can't be read: it takes redis://:password@host:port/0, "
            f"with special characters in the password written as %XX."
        ) from None
    if not answers:
        raise StackError(
            f"Redis of {variable} does not answer at {where}. "
            f"Start it (or mend its password), or unset {variable} to use what is embedded."
        )


def _reason(text: str, password: str) -> str:
    last = text.strip().splitlines()[0].rpartition("failed: ")[2].strip().rstrip(".")
    return last.replace(password, "***") if password else last
