"""The way in for bookings: so many at a time, each in the log at level DEBUG."""

from __future__ import annotations

import logging
import threading

from booking_lab.core.booking import Booking
from booking_lab.core.workload import Bookable, Request
from booking_lab.errors import Overloaded
from booking_lab.runtime.engine import BookingContext
from booking_lab.web.http.context import lab

log = logging.getLogger(__name__)

#: Threads of each worker that bookings leave to everything else.
RESERVED_THREADS = 8


class Admission:
    """Lets so many bookings wait in this worker at a time and turns the others away.

    Without it, bookers that wait for a lock would take every thread, and nobody could read.

    Args:
        threads: how many the worker has.
    """

    def __init__(self, threads: int) -> None:
        self._places = threading.BoundedSemaphore(max(1, threads - RESERVED_THREADS))

    def book(self, workload: Bookable, request: Request, wanted: BookingContext) -> Booking:
        """Book, and return the booking with its outcome.

        Raises:
            Overloaded: there is no place for one more.
            NotFound, Unsuitable, Unavailable: it could not be tried; see ``Engine.book``.
        """
        if not self._places.acquire(blocking=False):
            raise Overloaded
        try:
            done = lab().engine.book(workload, request, wanted)
        finally:
            self._places.release()
        if log.isEnabledFor(logging.DEBUG):
            _log(done)
        return done


def _log(done: Booking) -> None:
    """Say how a booking ended; the ledger, the metrics and its answer say so in any case."""
    log.debug(
        "booking %s",
        done.outcome,
        extra={
            "strategy": done.strategy.name,
            "kind": done.workload.name,
            "scope": done.scope,
            "subject": done.subject,
            "customer_id": done.request.customer_id,
            "code": done.code,
            "tries": done.tries,
        },
    )
