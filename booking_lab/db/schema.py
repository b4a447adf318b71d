"""Creates what is missing; safe to run by several instances at once and on a used database."""

from __future__ import annotations

import logging
from importlib import resources

from booking_lab.config import Settings
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.db.connector import Connector
from booking_lab.db.session import Session
from booking_lab.errors import TimedOut, Unavailable
from booking_lab.workloads import Workloads

log = logging.getLogger(__name__)

#: Any number will do, as long as every instance takes the same.
_ADVISORY_LOCK = 0x6B00C


def prepare(database_url: str, settings: Settings) -> None:
    """Create the tables and the seed data that aren't there yet.

    A reader's own workload whose script fails goes without tables; that is logged, and the lab runs
    on.

    Raises:
        DatabaseUnavailable: PostgreSQL doesn't answer.
    """
    workloads = Workloads(settings.workload_folders)
    with Connector(database_url).session() as session:
        session.begin()
        # CREATE ... IF NOT EXISTS still collides when two run at once, so they go one by one.
        session.execute(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
        session.execute(resources.files("booking_lab.db").joinpath("schema.sql").read_text())
        for workload in workloads:
            _create(session, workload)
        session.execute(
            "INSERT INTO lab (strategy, think_time_ms) VALUES (%(strategy)s, %(think)s) "
            "ON CONFLICT DO NOTHING",
            {"strategy": settings.strategy, "think": settings.think_time_ms},
        )
        session.commit()


def _create(session: Session, workload: LabWorkload) -> None:
    session.execute("SAVEPOINT workload")
    try:
        session.execute(workload.schema())
    except (Unavailable, TimedOut):
        raise
    except Exception as error:  # no script, no SQL, and whatever else its author did
        if type(workload).__module__.startswith("booking_lab.workloads."):
            raise
        session.execute("ROLLBACK TO SAVEPOINT workload")
        log.error("workload %s has no tables: %s", workload.name, " ".join(str(error).split()))
