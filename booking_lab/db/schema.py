"""Creates what is missing; safe to run by several instances at once and on a used database."""

from __future__ import annotations

from importlib import resources

from booking_lab.config import Settings
from booking_lab.db.pool import Connector
from booking_lab.workloads import WORKLOADS

#: Any number will do, as long as every instance takes the same.
_ADVISORY_LOCK = 0x6B00C


def prepare(database_url: str, settings: Settings) -> None:
    """Create the tables and the seed data that aren't there yet.

    Raises:
        DatabaseUnavailable: PostgreSQL doesn't answer.
    """
    scripts = [resources.files("booking_lab.db").joinpath("schema.sql").read_text()]
    scripts += [workload.schema() for workload in WORKLOADS]
    with Connector(database_url).session() as session:
        session.begin()
        # CREATE ... IF NOT EXISTS still collides when two run at once, so they go one by one.
        session.execute(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
        for script in scripts:
            session.execute(script)
        session.execute(
            "INSERT INTO lab (strategy, think_time_ms) VALUES (%(strategy)s, %(think)s) "
            "ON CONFLICT DO NOTHING",
            {"strategy": settings.strategy, "think": settings.think_time_ms},
        )
        session.commit()
