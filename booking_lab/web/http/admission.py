"""Admission control: limits the bookings that one worker handles at the same time."""

from __future__ import annotations

import logging
import threading

from booking_lab.core.booking import Booking
from booking_lab.core.workload import Bookable, Request
from booking_lab.errors import Overloaded
from booking_lab.runtime.engine import BookingContext
from booking_lab.web.http.context import lab

log = logging.getLogger(__name__)

#: Threads of each worker that are reserved for requests other than bookings.
RESERVED_THREADS = 8


class Admission:
    """Limits the number of concurrent bookings in this worker, and refuses all others.

    Otherwise bookings that wait for a lock would occupy every thread, and no other request would be
    answered.

    Args:
        threads: the number of threads of the worker.
    """

    def __init__(self, threads: int) -> None:
        self._places = threading.BoundedSemaphore(max(1, threads - RESERVED_THREADS))

    def book(self, workload: Bookable, request: Request, wanted: BookingContext) -> Booking:
        """Book, and return the booking with its outcome.

        Raises:
            Overloaded: the limit is reached.
            NotFound, Unsuitable, Unavailable: no try was possible; see ``Engine.book``.
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
    """Log the end of a booking at level DEBUG; the ledger and the metrics have it in any case."""
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
