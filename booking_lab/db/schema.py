"""Brings a database to this version; safe to run by several instances at once."""

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

#: Any number will do, as long as every instance takes the same.
_ADVISORY_LOCK = 0x6B00C
#: Seconds that a start waits for another one, or for whoever uses the tables.
_LOCK_SECONDS = 60.0
#: Seconds for one statement of a script: a long ledger may get an index.
_STATEMENT_SECONDS = 600.0
#: What to do about a database that doesn't fit.
_ELSEWHERE = (
    "Nothing was changed. An empty database can be named in DATABASE_URL instead; without one of "
    "your own, another data folder."
)


def migrate(database_url: str, settings: Settings) -> None:
    """Run the scripts that haven't run on the database yet, all of them or none.

    A reader's own workload that doesn't fit to the database goes without; that is logged, and the
    lab runs on.

    Raises:
        DatabaseUnavailable: PostgreSQL doesn't answer.
        LockTimeout: others use the tables for too long.
        ConfigurationError: the database is newer, lacks something, or has other tables.
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
    # What a newer version has made of the database may lack something for this one.
    for objection in (migrator.mismatch, migrator.lack):
        for part in parts:
            if reason := objection(part):
                raise ConfigurationError(reason)


def reject_unfit(workloads: Workloads, database_url: str) -> None:
    """Take back the reader's own workloads whose tables are not what their scripts make."""
    own = [one for one in workloads if not is_shipped(type(one))]
    if not own:
        return
    try:
        with Connector(database_url).session() as session:
            migrator = Migrator(session)
    except (Unavailable, TimedOut) as error:
        # PostgreSQL may be away for a moment as a service is started again.
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
    except Exception as error:  # whatever its author did
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
    except Exception as error:  # no script, no SQL, and whatever else its author did
        session.execute("ROLLBACK TO SAVEPOINT workload")
        log.error("workload %s has no tables: %s", workload.name, " ".join(str(error).split()))


def _run_unnumbered(session: PostgresSession, workload: LabWorkload) -> None:
    session.execute(workload.schema())
    told = (
        f"workload {workload.name} has one script, which runs at every start: move it to "
        f"{workload.migrations()} as 0001_what_it_does.sql, before a later version wants that"
    )
    log.warning(told)
    warnings.warn(told, DeprecationWarning, stacklevel=2)
