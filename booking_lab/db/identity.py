"""The identity of a database."""

from __future__ import annotations

from booking_lab.core.workload import Session
from booking_lab.db.connector import Connector

_IDENTITY = """
SELECT format('%s/%s', system_identifier, (SELECT oid FROM pg_database
                                           WHERE datname = current_database()))
FROM pg_control_system()
"""


def identity(session: Session) -> str:
    """Return a unique name of the database: its cluster's system identifier, and its oid."""
    return str(session.execute(_IDENTITY)[0][0])


class Identity:
    """The identity of the lab's database, for code that has no session.

    Args:
        connector: opens a session for the first query.
    """

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._known = ""

    def __call__(self) -> str:
        """Return the database's name by ``identity``.

        Raises:
            DatabaseUnavailable: the name is not known yet, and the server doesn't answer.
        """
        if not self._known:
            with self._connector.session() as session:
                self.learn(session)
        return self._known

    def learn(self, session: Session) -> None:
        """Query the identity again: another database may have replaced the last one."""
        self._known = identity(session)
