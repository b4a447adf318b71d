"""Connections with a time limit for each answer, for the case that the server is frozen or gone.

A running PostgreSQL ends its waits itself. A frozen server, or one whose machine has disappeared,
does not, and psycopg2 would wait for it for ever: neither a Unix socket nor a statement has a time
limit in the client. So this module sets psycopg2's wait callback, which checks the clock. The
callback serves all connections of the process; connections from elsewhere have no limit.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, connection, parse_dsn, set_wait_callback

#: Seconds to open a connection by default.
CONNECT_WITHIN = 3.0


class ServerSilent(psycopg2.OperationalError):
    """The server has not answered within the limit; the connection is closed."""


class BoundedConnection(connection):
    """A connection that waits at most ``limit`` seconds for an answer.

    Attributes:
        limit: seconds; none: no limit.
        prepared: the names of its prepared statements; none: nothing may be prepared on it.
    """

    limit: float | None = CONNECT_WITHIN
    prepared: set[str] | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Limit each wait in the block to ``seconds``, or to the present limit if it is lower."""
        before = self.limit
        self.limit = seconds if before is None else min(seconds, before)
        try:
            yield
        finally:
            self.limit = before


def connect(url: str, within: float = CONNECT_WITHIN) -> BoundedConnection:
    """Open a connection in autocommit mode, within ``within`` seconds, which is also its limit.

    The session depends on ``url`` alone: everything that libpq would take from the environment is
    passed here, by parameters that PostgreSQL's poolers accept.

    Raises:
        psycopg2.OperationalError: it could not be opened.
    """

    def opened(dsn: str, async_: int = 0) -> BoundedConnection:
        made = BoundedConnection.__new__(BoundedConnection)
        made.limit = within
        made.__init__(dsn, async_)  # type: ignore[misc]  # it connects, and waits within the limit
        return made

    raw = psycopg2.connect(
        url,
        connection_factory=opened,
        application_name="booking-lab",
        client_encoding="UTF8",
        # Empty, because libpq takes PGOPTIONS if this is missing.
        options=parse_dsn(url).get("options", ""),
    )
    raw.autocommit = True
    return raw


def _wait(waiting: connection) -> None:
    """Wait until ``waiting`` has its answer.

    Raises:
        ServerSilent: there was no answer in time; psycopg2 closes the connection after it.
    """
    limit = getattr(waiting, "limit", None)
    until = None if limit is None else time.monotonic() + limit
    while (state := waiting.poll()) != POLL_OK:
        # Not select(), which fails for a descriptor above 1,023.
        ready = select.poll()
        ready.register(waiting.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        left = None if until is None else max(until - time.monotonic(), 0) * 1000
        if not ready.poll(left):
            raise ServerSilent(f"PostgreSQL has said nothing for {limit:g} seconds")


set_wait_callback(_wait)
