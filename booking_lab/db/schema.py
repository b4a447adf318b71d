"""Migrates a database to this version; several instances can do it at the same time."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence

from booking_lab.config import Settings
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.db import scripts
from booking_lab.db.connector import Connector
from booking_lab.db.migrator import Migrator, TransactionEnded
from booking_lab.db.scripts import SchemaPart
from booking_lab.db.session import PostgresSession
from booking_lab.errors import ConfigurationError, TimedOut, Unavailable, safe_text
from booking_lab.plugins import is_shipped
from booking_lab.workloads import Workloads

log = logging.getLogger(__name__)

#: Any number, if all instances take the same one.
_ADVISORY_LOCK = 0x6B00C
#: Seconds that a start waits for another start, or for sessions that use the tables.
_LOCK_SECONDS = 60.0
#: Seconds for one statement of a script, such as a new index of a long ledger.
_STATEMENT_SECONDS = 600.0
#: The advice in errors about a database that doesn't fit.
_ELSEWHERE = (
    "Nothing was changed. An empty database can be named in DATABASE_URL instead; without one of "
    "your own, another data folder."
)


def migrate(database_url: str, settings: Settings) -> None:
    """Run the scripts that haven't run on the database yet, all of them or none.

    A plug-in workload that doesn't fit to the database is left out; that is logged, and the lab
    starts without it.

    Raises:
        DatabaseUnavailable: PostgreSQL doesn't answer.
        LockTimeout: other sessions use the tables for too long.
        ConfigurationError: the database is newer, has missing objects, or has other tables.
    """
    workloads = Workloads(settings.workload_folders)
    connector = Connector(database_url, _LOCK_SECONDS, _STATEMENT_SECONDS)
    with connector.session() as session:
        session.begin()
        session.execute(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
        migrator = Migrator(session)
        shipped = [one for one in workloads if is_shipped(type(one))]
        parts = [scripts.of_lab(), *map(scripts.of_workload, shipped)]
        try:
            migrator.begin(parts)
            _check(migrator, parts)
            for part in parts:
                migrator.run(part)
        except ConfigurationError as error:
            raise ConfigurationError(f"{error} {_ELSEWHERE}") from error
        for workload in workloads:
            if workload not in shipped:
                _migrate_own(session, migrator, workload)
        session.execute(
            "INSERT INTO lab (strategy, think_time_ms) VALUES (%(strategy)s, %(think)s) "
            "ON CONFLICT DO NOTHING",
            {"strategy": settings.strategy, "think": settings.think_time_ms},
        )
        session.commit()


def _check(migrator: Migrator, parts: Sequence[SchemaPart]) -> None:
    # A database of a newer version may also lack objects; the mismatch is the better message.
    for objection in (migrator.mismatch, migrator.lack):
        for part in parts:
            if reason := objection(part):
                raise ConfigurationError(reason)


def reject_unfit(workloads: Workloads, database_url: str) -> None:
    """Reject plug-in workloads whose tables don't match their scripts."""
    own = [one for one in workloads if not is_shipped(type(one))]
    if not own:
        return
    try:
        with Connector(database_url).session() as session:
            migrator = Migrator(session)
    except (Unavailable, TimedOut) as error:
        # PostgreSQL may be away for a moment while a service restarts.
        log.warning("own workloads were not held against their tables: %s", error)
        return
    for workload in own:
        if reason := _unfit(migrator, workload):
            workloads.reject(workload.name, reason)


def _unfit(migrator: Migrator, workload: LabWorkload) -> str | None:
    try:
        if not workload.migrations().is_dir():
            workload.schema()  # runs at every start
            return None
        part = scripts.of_workload(workload)
    except Exception as error:  # of any kind: it is a plug-in's code
        return safe_text(error, str)
    if pending := migrator.pending(part):
        return (
            f"Its script {pending[0].name} has not run on the database; the log of the lab's start "
            f"says why."
        )
    return migrator.mismatch(part) or migrator.lack(part)


def _migrate_own(session: PostgresSession, migrator: Migrator, workload: LabWorkload) -> None:
    session.execute("SAVEPOINT workload")
    try:
        if not workload.migrations().is_dir():
            return _run_unnumbered(session, workload)
        part = scripts.of_workload(workload)
        if reason := migrator.mismatch(part) or migrator.lack(part):
            raise ConfigurationError(reason)
        migrator.run(part)
    except (Unavailable, TimedOut, TransactionEnded):
        raise
    except Exception as error:  # a missing script, wrong SQL, or any error of a plug-in's code
        session.execute("ROLLBACK TO SAVEPOINT workload")
        log.error("workload %s has no tables: %s", workload.name, " ".join(str(error).split()))


def _run_unnumbered(session: PostgresSession, workload: LabWorkload) -> None:
    session.execute(workload.schema())
    warning = (
        f"workload {workload.name} has one script, which runs at every start: move it to "
        f"{workload.migrations()} as 0001_what_it_does.sql, before a later version wants that"
    )
    log.warning(warning)
    warnings.warn(warning, DeprecationWarning, stacklevel=2)
