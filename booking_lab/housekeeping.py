"""What a worker does beside booking: write the ledger, and see switches through."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable
from contextlib import closing

import psycopg2

from booking_lab import selection
from booking_lab.db import flushes
from booking_lab.db.connector import Connector
from booking_lab.db.ledger import Ledger
from booking_lab.db.session import Session
from booking_lab.errors import BookingLabError
from booking_lab.selection import UnderWay

log = logging.getLogger(__name__)

#: Seconds between two writes of the ledger; its rows are promised within a second.
_FLUSH_EVERY = 0.25
#: Seconds before it tries again what has failed.
_REST = 0.5
#: Seconds between two looks whether the bookings of an older epoch are done.
_DRAIN_LOOK = 0.01


class Housekeeping:
    """A background thread with a connection of its own.

    Args:
        connector: opens the connection.
        ledger: what to write.
        under_way: the bookings under way in this process.
        worker: this process, as ``instance/pid``.
        each_round: called several times a second, whether the database answers or not.
        chore: called several times a second with the connection, while the database answers.
    """

    def __init__(
        self,
        connector: Connector,
        ledger: Ledger,
        under_way: UnderWay,
        worker: str,
        each_round: Callable[[], None],
        chore: Callable[[Session], None],
    ) -> None:
        self._connector = connector
        self._ledger = ledger
        self._under_way = under_way
        self._worker = worker
        self._each_round = each_round
        self._chore = chore
        self._stop_read, self._stop_write = os.pipe()
        self._stopping = False
        self._tried = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self, timeout: float = 5.0) -> None:
        """Start the thread; return once the worker is registered, or can't be for now."""
        self._thread.start()
        self._tried.wait(timeout)

    def stop(self) -> None:
        """Write what is left of the ledger and end the thread."""
        self._stopping = True
        os.write(self._stop_write, b".")
        self._thread.join(10)
        os.close(self._stop_read)
        os.close(self._stop_write)

    def _run(self) -> None:
        said = ""
        while True:
            self._each_round()
            last = self._stopping
            try:
                with closing(self._connector.connect()) as raw:
                    self._serve(raw, Session(raw))
            except (BookingLabError, psycopg2.Error) as error:
                reason = str(error).partition("\n")[0]
            else:
                return
            self._tried.set()
            if last:
                log.error("the ledger's last rows are lost: %s", reason)
                return
            # Once is enough: it may be so for a while.
            level = logging.DEBUG if reason == said else logging.WARNING
            log.log(level, "housekeeping begins anew: %s", reason)
            said = reason
            select.select([self._stop_read], [], [], _REST)

    def _serve(self, raw: psycopg2.extensions.connection, session: Session) -> None:
        session.execute(f"LISTEN {selection.CHANNEL}; LISTEN {flushes.CHANNEL}")
        # A switch may have come between two connections; what is under way now belongs to it.
        drained = told = 0
        wanted, asked = selection.read(session).epoch, flushes.asked(session)
        while True:
            done = drained < wanted and not self._under_way.older_than(wanted)
            self._each_round()
            self._ledger.flush(session)
            if told < asked:
                flushes.tell(session, self._worker, asked)
                told = asked
            self._chore(session)
            if done:
                # After the flush: whoever has waited for this finds the books complete.
                selection.register(session, self._worker, wanted, told)
                self._tried.set()
                drained = wanted
            if self._stopping:
                selection.unregister(session, self._worker)
                return
            self._wait(raw, _DRAIN_LOOK if drained < wanted else _FLUSH_EVERY)
            raw.poll()
            if raw.notifies:
                raw.notifies.clear()
                wanted, asked = selection.read(session).epoch, flushes.asked(session)

    def _wait(self, raw: psycopg2.extensions.connection, seconds: float) -> None:
        select.select([raw.fileno(), self._stop_read], [], [], seconds)
