"""What the user names: his own servers answer, his folders and his strategy are there.

Passwords are not given away.
"""

from __future__ import annotations

from pathlib import Path

import psycopg2
from psycopg2.extensions import parse_dsn

from booking_lab.config import Settings, place_of
from booking_lab.db import bounded
from booking_lab.db.connector import Connector
from booking_lab.db.session import Session
from booking_lab.errors import ConfigurationError, RedisUnavailable, UnknownStrategy
from booking_lab.locks import redis_lock
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.stack.errors import StackError


def check_database(url: str) -> None:
    """See that the PostgreSQL of ``DATABASE_URL`` answers.

    Raises:
        StackError: it doesn't; says where it was sought and why it failed.
        ConfigurationError: it is no URL of PostgreSQL.
    """
    parts = _parse(url)
    try:
        bounded.connect(url, within=5).close()
    except psycopg2.OperationalError as error:
        where = f"{parts.get('host', 'localhost')}:{parts.get('port', '5432')}"
        why = _reason(str(error), parts.get("password", ""))
        # With a stray '@' the password has spilled into what should be the host or the port.
        if "@" in "".join(parts.get(name, "") for name in ("host", "port", "dbname")):
            where, why = "its host", "write an '@' in the password as %40"
        what = "lets nobody in" if "FATAL:" in str(error) else "does not answer"
        raise StackError(
            f"PostgreSQL of DATABASE_URL {what} at {where}: {why}. "
            f"Start it, or unset DATABASE_URL to use the embedded one."
        ) from None
    check_fit(url)


def check_fit(url: str) -> None:
    """See that a database, and what leads to it, can serve the lab.

    Raises:
        StackError: it can't; says why.
        DatabaseUnavailable: it doesn't answer.
    """
    _parse(url)
    with Connector(url).session() as one, Connector(url).session() as other:
        [(encoding, only_reads)] = one.execute(
            "SELECT current_setting('server_encoding'), "
            "current_setting('transaction_read_only')::boolean"
        )
        shared = _share_a_session(one, other)
    if encoding != "UTF8":
        raise StackError(
            f"The database of DATABASE_URL is encoded in {encoding}, which has no room for every "
            f"name: make one with ENCODING 'UTF8'."
        )
    if only_reads:
        raise StackError(
            "PostgreSQL of DATABASE_URL only reads (a replica, or default_transaction_read_only "
            "is on): name the one that writes."
        )
    if shared:
        raise StackError(
            "DATABASE_URL leads through a pooler that shares sessions between its clients. The "
            "lab listens and locks in sessions: let the pooler give each client one of its own "
            "(PgBouncer: pool_mode = session), or go past it."
        )


def _parse(url: str) -> dict[str, str]:
    try:
        return parse_dsn(url)
    except psycopg2.ProgrammingError:
        # The driver would quote what it failed to read, and that may be the password.
        raise ConfigurationError(
            "DATABASE_URL can't be read: it takes postgresql://user:password@host:port/database, "
            "with special characters in the password written as %XX."
        ) from None


def _share_a_session(one: Session, other: Session) -> bool:
    """Tell whether two connections are served by one session, or one by several."""
    seen = [int(who.execute("SELECT pg_backend_pid()")[0][0]) for who in (one, other, one, other)]
    return seen[:2] != seen[2:] or seen[0] == seen[1]


def check_redis(url: str, variable: str = "REDIS_URL") -> None:
    """See that a Redis which a variable names answers, and takes writes.

    Raises:
        StackError: it doesn't; says where it was sought, and what it says.
        ConfigurationError: it is no URL of Redis.
    """
    try:
        where = place_of(url)
        client = redis_lock.connect(url, timeout=3)
    except ValueError:
        raise ConfigurationError(
            f"{variable} can't be read: it takes redis://:password@host:port/0, "
            f"with special characters in the password written as %XX."
        ) from None
    try:
        redis_lock.check_writes(client)
    except RedisUnavailable as error:
        what = "can't do what the lab needs" if error.answered else "does not answer"
        raise StackError(
            f"Redis of {variable} {what} at {where}: {error.reason}. "
            f"Start it (or mend its password), or unset {variable} to use what is embedded."
        ) from None
    finally:
        client.close()


def _reason(text: str, password: str) -> str:
    last = text.strip().splitlines()[0].rpartition("failed: ")[2].strip().rstrip(".")
    return last.replace(password, "***") if password else last


def check_plugins(settings: Settings) -> None:
    """See that the folders are there, and the strategy that a new database begins with.

    Raises:
        ConfigurationError: one isn't.
    """
    folders = {
        "BOOKING_LAB_STRATEGIES": settings.strategy_folders,
        "BOOKING_LAB_WORKLOADS": settings.workload_folders,
    }
    for variable, named in folders.items():
        for folder in named:
            if not Path(folder).is_dir():
                raise ConfigurationError(f"{variable} names {folder}, which is no folder.")
    if settings.strategy in {file.stem for file in SHIPPED.glob("[!_]*.py")}:
        return  # then no plug-in's code need be run here
    try:
        Registry([SHIPPED, *settings.strategy_folders], shelf=settings.shelf).get(settings.strategy)
    except UnknownStrategy as error:
        raise ConfigurationError(f"BOOKING_LAB_STRATEGY is of no use: {error}") from None
