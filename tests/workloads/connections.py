"""Connections to look at the books."""

from collections.abc import Iterator
from contextlib import contextmanager

from booking_lab.db.session import PostgresSession
from booking_lab.runtime.lab import Lab


@contextmanager
def lent(lab: Lab) -> Iterator[PostgresSession]:
    """A connection of the lab's readers; a new one for each question would take far longer."""
    with lab.reads.session(lambda _: None) as (session, _):
        yield session
