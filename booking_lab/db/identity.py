"""Tells databases apart."""

from __future__ import annotations

from booking_lab.core.workload import Session
from booking_lab.db.connector import Connector

_IDENTITY = """
SELECT format('%s/%s', system_identifier, (SELECT oid FROM pg_database
                                           WHERE datname = current_database()))
FROM pg_control_system()
"""


def identity(session: Session) -> str:
    """Return a name that no other database bears: the cluster's number and the database's in it."""
    return str(session.execute(_IDENTITY)[0][0])


class Identity:
    """Which database a lab is about, for those who have no session at hand.

    Args:
        connector: opens a session to ask on, should nobody have asked yet.
    """

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._known = ""

    def __call__(self) -> str:
        """Return the name of ``identity``.

        Raises:
            DatabaseUnavailable: it was never asked for, and the server doesn't answer.
        """
        if not self._known:
            with self._connector.session() as session:
                self.learn(session)
        return self._known

    def learn(self, session: Session) -> None:
        """Ask again: another database may have taken the place of the one before."""
        self._known = identity(session)
