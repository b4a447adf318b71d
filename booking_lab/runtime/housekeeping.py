"""The housekeeping of a worker: it writes the ledger, and reports when a switch is drained."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable, Sequence
from contextlib import closing

import psycopg2

from booking_lab.db import flushes
from booking_lab.db.connector import Connector
from booking_lab.db.ledger import Ledger
from booking_lab.db.session import PostgresSession
from booking_lab.errors import BookingLabError
from booking_lab.runtime import selection, worker_registry
from booking_lab.runtime.background import BackgroundTask, Heartbeat
from booking_lab.runtime.in_flight import InFlight

log = logging.getLogger(__name__)

#: Seconds between two writes of the ledger; the documents promise its rows within a second.
_FLUSH_EVERY = 0.25
#: Seconds before a new try after a failure.
_RETRY_AFTER = 0.5
#: Seconds between two checks whether the bookings of an older epoch are done.
_DRAIN_POLL = 0.01
#: Seconds that the thread has to end; a waiting statement usually ends by then.
_STOP_TIMEOUT = 10.0


class Housekeeping:
    """A background thread with a connection of its own.

    Args:
        connector: opens the connection.
        ledger: the ledger to write.
        in_flight: the bookings under way in this process.
        worker: this process, as ``instance/pid``.
        connected: called with the session of each new connection.
        tasks: run several times a second, whether the database answers or not.

    Attributes:
        heartbeat: shows whether the thread is alive.
    """

    def __init__(
        self,
        connector: Connector,
        ledger: Ledger,
        in_flight: InFlight,
        worker: str,
        connected: Callable[[PostgresSession], object],
        tasks: Sequence[BackgroundTask],
    ) -> None:
        self._connector = connector
        self._ledger = ledger
        self._in_flight = in_flight
        self._worker = worker
        self._connected = connected
        self._tasks = tasks
        self._stop_read, self._stop_write = os.pipe()
        self._stopping = False
        self._tried = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)
        self.heartbeat = Heartbeat(self._thread)

    def start(self, timeout: float = 5.0) -> None:
        """Start the thread; return when the worker is registered, or the first try has failed."""
        self._thread.start()
        self._tried.wait(timeout)

    def stop(self) -> None:
        """Write the pending rows of the ledger, and end the thread."""
        self._stopping = True
        os.write(self._stop_write, b".")
        self._thread.join(_STOP_TIMEOUT)
        if self._thread.is_alive():
            # The thread still watches the pipe, which closes at the end of the process.
            log.error("housekeeping has not ended in time; the ledger's last rows may be lost")
            return
        os.close(self._stop_read)
        os.close(self._stop_write)

    def _run(self) -> None:
        last_reason = ""
        while True:
            self._begin_round()
            last = self._stopping
            bug: BaseException | None = None
            try:
                with closing(self._connector.connect()) as raw:
                    self._serve(raw, PostgresSession(raw))
            except (BookingLabError, psycopg2.Error) as error:
                reason = str(error).partition("\n")[0]
            except BaseException as error:  # of any kind: switches wait for this thread
                reason, bug = repr(error), error
            else:
                return
            self._tried.set()
            if last:
                log.error("the ledger's last rows are lost: %s", reason, exc_info=bug)
                return
            # The same reason is a warning once: it may last for a while.
            level = logging.DEBUG if reason == last_reason else logging.WARNING
            log.log(level, "housekeeping starts again: %s", reason, exc_info=bug)
            last_reason = reason
            _wait([self._stop_read], _RETRY_AFTER)

    def _serve(self, raw: psycopg2.extensions.connection, session: PostgresSession) -> None:
        self._connected(session)
        session.execute(f"LISTEN {selection.CHANNEL}; LISTEN {flushes.CHANNEL}")
        # A switch may have come between two connections; the bookings under way belong to it.
        drained = reported = 0
        wanted, asked = selection.read(session).epoch, flushes.last_requested(session)
        while True:
            done = drained < wanted and not self._in_flight.older_than(wanted)
            self._begin_round()
            self._ledger.flush(session)
            if reported < asked:
                flushes.report(session, self._worker, asked)
                reported = asked
            if done:
                # After the flush: a client that has waited for this finds the ledger complete.
                worker_registry.register(session, self._worker, wanted, reported)
                self._tried.set()
                drained = wanted
            if self._stopping:
                worker_registry.unregister(session, self._worker)
                return
            seconds = _DRAIN_POLL if drained < wanted else _FLUSH_EVERY
            _wait([raw.fileno(), self._stop_read], seconds)
            raw.poll()
            if raw.notifies:
                raw.notifies.clear()
                wanted, asked = selection.read(session).epoch, flushes.last_requested(session)

    def _begin_round(self) -> None:
        self.heartbeat.beat()
        for task in self._tasks:
            task()


def _wait(descriptors: Sequence[int], seconds: float) -> None:
    """Wait until a descriptor can be read, at most ``seconds``."""
    # Not select(), which fails for a descriptor above 1,023.
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    poll.poll(seconds * 1000)
