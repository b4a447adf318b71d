"""Booking a seat, in the short form."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from booking_lab.core.booking import Booking, Outcome
from booking_lab.web.http.admission import Admission
from booking_lab.web.http.context import registered, wish
from booking_lab.web.http.problems import documented
from booking_lab.web.schemas.booking_response import Tried, documented_failures, failed, told
from booking_lab.web.schemas.fields import (
    Body,
    CustomerId,
    Options,
    StrategyName,
)
from booking_lab.workloads.seats import SeatRequest, Seats
from booking_lab.workloads.seats.requests import EventId, SeatNumber


class BookRequest(Body):
    """One seat, please. ``strategy`` books under one of your choice instead of the current."""

    event_id: EventId
    seat_number: SeatNumber
    customer_id: CustomerId
    strategy: StrategyName | None = None
    options: Options | None = None


class SeatTried(Tried):
    """What every booking of a seat that was tried is told."""

    event_id: int
    seat_number: str


class BookingAnswer(SeatTried):
    """A booking that is confirmed."""

    status: Literal["confirmed"]
    booking_id: int


class BookingProblem(SeatTried):
    """Problem details of a booking that isn't; ``status`` says failed, as bookings do."""

    type: str
    title: str
    detail: str
    code: str
    status: Literal["failed"]


_RESPONSES: dict[Any, Any] = {
    201: BookingAnswer,
    **documented(400, 404, 413, 415, 422),
    **documented_failures(BookingProblem),
}


def blueprint(admission: Admission) -> APIBlueprint:
    """Return the blueprint; ``admission`` belongs to one worker."""
    booking = APIBlueprint("booking", __name__, abp_tags=[Tag(name="booking")])

    @booking.post("/book", responses=_RESPONSES)
    def book(body: BookRequest) -> tuple[Response, int] | Response:
        """Book a seat.

        A booking that fails is answered with problem details, whose ``status`` is ``failed``.
        """
        request = SeatRequest(
            event_id=body.event_id, seats=(body.seat_number,), customer_id=body.customer_id
        )
        done = admission.book(registered(Seats), request, wish(body.strategy, body.options))
        if done.outcome is Outcome.CONFIRMED:
            confirmed = {**told(done, seat(done)), "booking_id": done.booking_id}
            return jsonify(status="confirmed", **confirmed), 201
        return failed(done, seat(done))

    return booking


def seat(done: Booking) -> dict[str, Any]:
    """Return the seat that a booking in the short form is about."""
    assert isinstance(done.request, SeatRequest)
    return {"event_id": done.request.event_id, "seat_number": "+".join(done.request.seats)}
