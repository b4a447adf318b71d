"""Connections on which no wait is for ever, whatever has become of the server.

PostgreSQL ends its own waits, as long as it runs. One that is frozen, or whose machine has gone
without a word, ends nothing, and psycopg2 would wait for it for good: neither a Unix socket nor a
statement has a time limit of its own. So psycopg2 is told to wait by a callback, and this one looks
at the clock. It counts for all connections of the process; those that were not opened here have no
limit.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, connection, parse_dsn, set_wait_callback

#: Seconds to open a connection, unless it is said otherwise.
CONNECT_WITHIN = 3.0


class ServerSilent(psycopg2.OperationalError):
    """The server has said nothing for as long as it may; the connection is closed."""


class BoundedConnection(connection):
    """A connection that waits no longer for one answer than ``limit`` seconds.

    Attributes:
        limit: seconds; none: until there is an answer.
        prepared: the names of the statements that PostgreSQL has prepared for it; none: it is not
            to prepare any.
    """

    limit: float | None = CONNECT_WITHIN
    prepared: set[str] | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Wait no longer than this in the block, whatever the limit is otherwise."""
        before = self.limit
        self.limit = seconds if before is None else min(seconds, before)
        try:
            yield
        finally:
            self.limit = before


def connect(url: str, within: float = CONNECT_WITHIN) -> BoundedConnection:
    """Open a connection in autocommit mode; its limit is ``within`` seconds, as it is for opening.

    Nothing but ``url`` says what the session is like: what a client would take from the
    environment is given here, and PostgreSQL's poolers take it as well.

    Raises:
        psycopg2.OperationalError: it could not be opened.
    """

    def opened(dsn: str, async_: int = 0) -> BoundedConnection:
        made = BoundedConnection.__new__(BoundedConnection)
        made.limit = within
        made.__init__(dsn, async_)  # type: ignore[misc]  # which waits, within the limit
        return made

    raw = psycopg2.connect(
        url,
        connection_factory=opened,
        application_name="booking-lab",
        client_encoding="UTF8",
        # Empty, and not left out: then PGOPTIONS would count.
        options=parse_dsn(url).get("options", ""),
    )
    raw.autocommit = True
    return raw


def _wait(waiting: connection) -> None:
    """Wait until ``waiting`` has its answer.

    Raises:
        ServerSilent: there was none in time; psycopg2 closes the connection for that.
    """
    limit = getattr(waiting, "limit", None)
    until = None if limit is None else time.monotonic() + limit
    while (state := waiting.poll()) != POLL_OK:
        # Not select(): descriptors may be higher than it can count.
        ready = select.poll()
        ready.register(waiting.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        left = None if until is None else max(until - time.monotonic(), 0) * 1000
        if not ready.poll(left):
            raise ServerSilent(f"PostgreSQL has said nothing for {limit:g} seconds")


set_wait_callback(_wait)
