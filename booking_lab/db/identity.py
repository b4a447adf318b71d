"""Tells databases apart."""

from __future__ import annotations

from booking_lab.core.workload import Session

_IDENTITY = """
SELECT format('%s/%s', system_identifier, (SELECT oid FROM pg_database
                                           WHERE datname = current_database()))
FROM pg_control_system()
"""


def identity(session: Session) -> str:
    """Return a name that no other database bears: the cluster's number and the database's in it."""
    return str(session.execute(_IDENTITY)[0][0])
