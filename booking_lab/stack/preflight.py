"""Checks of the settings before a start: servers of the user's own, folders, and the strategy.

Errors don't show passwords.
"""

from __future__ import annotations

from pathlib import Path

import psycopg2
from psycopg2.extensions import parse_dsn

from booking_lab.config import Settings, redis_address
from booking_lab.db import bounded
from booking_lab.db.connector import Connector
from booking_lab.db.session import PostgresSession
from booking_lab.errors import ConfigurationError, RedisUnavailable, UnknownStrategy
from booking_lab.locks import redis_lock
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.stack.errors import StackError


def check_database(url: str) -> None:
    """Check that the PostgreSQL of ``DATABASE_URL`` answers, and that the lab can use it.

    Raises:
        StackError: it doesn't; the error has the address and the reason.
        ConfigurationError: the value is not a URL of PostgreSQL.
    """
    parts = _parse(url)
    try:
        bounded.connect(url, within=5).close()
    except psycopg2.OperationalError as error:
        where = f"{parts.get('host', 'localhost')}:{parts.get('port', '5432')}"
        why = _reason(str(error), parts.get("password", ""))
        # With an unescaped '@', a part of the password is in the host, the port or the name.
        if "@" in "".join(parts.get(name, "") for name in ("host", "port", "dbname")):
            where, why = "its host", "write an '@' in the password as %40"
        raise StackError(
            f"PostgreSQL of DATABASE_URL can't be used at {where}: {why}. "
            f"Start it, or unset DATABASE_URL to use the embedded one."
        ) from None
    check_fit(url)


def check_fit(url: str) -> None:
    """Check the encoding, the write access and the pooler of a database.

    Raises:
        StackError: the lab can't use the database; the error has the reason.
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
            f"The database of DATABASE_URL has the encoding {encoding}, which can't store every "
            f"name: create one with ENCODING 'UTF8'."
        )
    if only_reads:
        raise StackError(
            "PostgreSQL of DATABASE_URL is read-only (a replica, or default_transaction_read_only "
            "is on): name the primary server."
        )
    if shared:
        raise StackError(
            "DATABASE_URL leads to a pooler that shares sessions between its clients. The lab "
            "listens and locks in sessions: configure the pooler to give each client a session "
            "(PgBouncer: pool_mode = session), or connect to PostgreSQL directly."
        )


def _parse(url: str) -> dict[str, str]:
    try:
        return parse_dsn(url)
    except psycopg2.ProgrammingError:
        # The driver's message quotes the text that it can't parse, which may be the password.
        raise ConfigurationError(
            "DATABASE_URL can't be read: write postgresql://user:password@host:port/database, "
            "with special characters in the password as %XX."
        ) from None


def _share_a_session(one: PostgresSession, other: PostgresSession) -> bool:
    """Whether two connections share one session, or one connection uses several sessions."""
    seen = [int(who.execute("SELECT pg_backend_pid()")[0][0]) for who in (one, other, one, other)]
    return seen[:2] != seen[2:] or seen[0] == seen[1]


def check_redis(url: str, variable: str = "REDIS_URL") -> None:
    """Check that the Redis of a variable answers, and takes writes.

    Raises:
        StackError: it doesn't; the error has the address and the reason.
        ConfigurationError: the value is not a URL of Redis.
    """
    try:
        where = redis_address(url)
        client = redis_lock.connect(url, timeout=3)
    except ValueError:
        raise ConfigurationError(
            f"{variable} can't be read: write redis://:password@host:port/0, "
            f"with special characters in the password as %XX."
        ) from None
    try:
        redis_lock.check_writes(client)
    except RedisUnavailable as error:
        what = "can't do what the lab needs" if error.answered else "does not answer"
        raise StackError(
            f"Redis of {variable} {what} at {where}: {error.reason}. "
            f"Start it (or correct its password), or unset {variable} to use the embedded server."
        ) from None
    finally:
        client.close()


def _reason(text: str, password: str) -> str:
    last = text.strip().splitlines()[0].rpartition("failed: ")[2].strip().rstrip(".")
    return last.replace(password, "***") if password else last


def check_plugins(settings: Settings) -> None:
    """Check that the folders of plug-ins exist, and the strategy of the settings.

    Raises:
        ConfigurationError: a folder or the strategy doesn't exist, or the strategy can't be loaded.
    """
    folders = {
        "BOOKING_LAB_STRATEGIES": settings.strategy_folders,
        "BOOKING_LAB_WORKLOADS": settings.workload_folders,
    }
    for variable, named in folders.items():
        for folder in named:
            if not Path(folder).is_dir():
                raise ConfigurationError(f"{variable} names {folder}, which is not a folder.")
    if settings.strategy in {file.stem for file in SHIPPED.glob("[!_]*.py")}:
        return  # no code of a plug-in is loaded then
    try:
        Registry([SHIPPED, *settings.strategy_folders], shelf=settings.shelf).get(settings.strategy)
    except UnknownStrategy as error:
        raise ConfigurationError(f"BOOKING_LAB_STRATEGY can't be used: {error}") from None
