"""Booking a seat."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from booking_lab.core.booking import Booking, Outcome
from booking_lab.errors import (
    DatabaseUnavailable,
    Overloaded,
    RedisUnavailable,
    Unavailable,
)
from booking_lab.web.fields import Body, CustomerId, EventId, Options, SeatNumber, StrategyName
from booking_lab.web.problems import MEDIA_TYPE, documented, problem
from booking_lab.web.state import lab, wish
from booking_lab.workloads.seats import SeatRequest, Seats

log = logging.getLogger(__name__)

#: Threads of each worker that bookings leave to everything else.
RESERVED_THREADS = 8

_SEATS = Seats()
_STATUS = {
    Outcome.REFUSED: 409,
    Outcome.CONFLICT: 409,
    Outcome.TIMEOUT: 503,
    Outcome.UNKNOWN: 503,
}
_AWAY = {kind.code for kind in (Unavailable, DatabaseUnavailable, RedisUnavailable)}


class BookRequest(Body):
    """One seat, please. ``strategy`` books under one of your choice instead of the current."""

    event_id: EventId
    seat_number: SeatNumber
    customer_id: CustomerId
    strategy: StrategyName | None = None
    options: Options | None = None


class Tried(BaseModel):
    """What every booking that was tried is told."""

    message: str
    customer_id: str
    event_id: int
    seat_number: str
    strategy: str
    options: dict[str, Any]
    epoch: int
    outcome: Outcome
    attempt_id: str
    tries: int
    waited_ms: float
    held_ms: float
    total_ms: float
    worker: str
    trace_id: str


class BookingAnswer(Tried):
    """A booking that is confirmed."""

    status: Literal["confirmed"]
    booking_id: int


class BookingProblem(Tried):
    """Problem details of a booking that isn't; ``status`` says failed, as bookings do."""

    type: str
    title: str
    detail: str
    code: str
    status: Literal["failed"]


def _tried(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/BookingProblem"}}},
    }


_EITHER = [{"$ref": f"#/components/schemas/{name}"} for name in ("BookingProblem", "Problem")]
_RESPONSES: dict[Any, Any] = {
    201: BookingAnswer,
    **documented(400, 404, 413, 415, 422),
    409: _tried("refused, or lost to another booking"),
    500: _tried("the strategy's code failed"),
    503: {
        "description": "timed out, unknown, or a server is away",
        "content": {MEDIA_TYPE: {"schema": {"anyOf": _EITHER}}},
    },
}


class Admission:
    """Lets so many bookings wait in this worker at a time and turns the others away.

    Without it, bookers that wait for a lock would take every thread, and nobody could read.
    """

    def __init__(self, threads: int) -> None:
        self._places = threading.BoundedSemaphore(max(1, threads - RESERVED_THREADS))

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Take a place for the block.

        Raises:
            Overloaded: there is none.
        """
        if not self._places.acquire(blocking=False):
            raise Overloaded
        try:
            yield
        finally:
            self._places.release()


def blueprint(admission: Admission) -> APIBlueprint:
    """Return the blueprint; ``admission`` belongs to one worker."""
    booking = APIBlueprint("booking", __name__, abp_tags=[Tag(name="booking")])

    @booking.post("/book", responses=_RESPONSES)
    def book(body: BookRequest) -> tuple[Response, int] | Response:
        """Book a seat.

        A booking that fails is answered with problem details, whose ``status`` is ``failed``.
        """
        request = SeatRequest(
            event_id=body.event_id, seat_number=body.seat_number, customer_id=body.customer_id
        )
        with admission.admitted():
            done = lab().engine.book(_SEATS, request, wish(body.strategy, body.options))
        log.info(
            "booking %s",
            done.outcome,
            extra={
                "strategy": done.strategy.name,
                "seat": body.seat_number,
                "customer_id": body.customer_id,
                "code": done.code,
                "tries": done.tries,
            },
        )
        if done.outcome is Outcome.CONFIRMED:
            confirmed = {**answer(done), "booking_id": done.booking_id}
            return jsonify(status="confirmed", **confirmed), 201
        return failed(done)

    return booking


def failed(done: Booking) -> Response:
    """Return the answer for a booking that wasn't confirmed."""
    assert done.outcome is not None
    status = _STATUS.get(done.outcome, 503 if done.code in _AWAY else 500)
    return problem(status, done.code, done.message, **{**answer(done), "status": "failed"})


def answer(done: Booking) -> dict[str, Any]:
    """Return what the customer is told, whatever the outcome."""
    request, timing = done.request, done.timing
    assert isinstance(request, SeatRequest)
    return {
        "message": done.message,
        "customer_id": request.customer_id,
        "event_id": request.event_id,
        "seat_number": request.seat_number,
        "strategy": done.strategy.name,
        "options": done.options,
        "epoch": done.epoch,
        "outcome": done.outcome,
        "attempt_id": str(request.id),
        "tries": done.tries,
        "waited_ms": round(timing.waited * 1000, 3),
        "held_ms": round(timing.held * 1000, 3),
        "total_ms": round((timing.total or 0) * 1000, 3),
        "worker": done.worker,
        "trace_id": done.trace_id,
    }
