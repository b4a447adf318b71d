"""``POST /book``: books one seat."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from booking_lab.core.booking import Booking, Outcome
from booking_lab.web.http.admission import Admission
from booking_lab.web.http.context import booking_context, workload_of
from booking_lab.web.http.problems import documented_problems
from booking_lab.web.schemas.booking_response import (
    BookingResult,
    documented_failures,
    failure,
    payload,
)
from booking_lab.web.schemas.fields import (
    Body,
    CustomerId,
    Options,
    StrategyName,
)
from booking_lab.workloads.seats import SeatRequest, Seats
from booking_lab.workloads.seats.requests import EventId, SeatNumber


class BookRequest(Body):
    """The seat and the customer; ``strategy`` is used instead of the current strategy."""

    event_id: EventId
    seat_number: SeatNumber
    customer_id: CustomerId
    strategy: StrategyName | None = None
    options: Options | None = None


class SeatBookingResult(BookingResult):
    """The fields of every answer to a booking of a seat."""

    event_id: int
    seat_number: str


class ConfirmedSeatBooking(SeatBookingResult):
    """A confirmed booking."""

    status: Literal["confirmed"]
    booking_id: int


class FailedSeatBooking(SeatBookingResult):
    """Problem details of a booking that is not confirmed; ``status`` is ``failed``."""

    type: str
    title: str
    detail: str
    code: str
    status: Literal["failed"]


_RESPONSES: dict[Any, Any] = {
    201: ConfirmedSeatBooking,
    **documented_problems(400, 404, 413, 415, 422),
    **documented_failures(FailedSeatBooking),
}


def blueprint(admission: Admission) -> APIBlueprint:
    """Return the blueprint; ``admission`` limits the bookings of one worker."""
    booking = APIBlueprint("booking", __name__, abp_tags=[Tag(name="booking")])

    @booking.post("/book", responses=_RESPONSES)
    def book(body: BookRequest) -> tuple[Response, int] | Response:
        """Book a seat.

        The answer to a booking that fails is problem details, with ``failed`` as the ``status``.
        """
        request = SeatRequest(
            event_id=body.event_id, seats=(body.seat_number,), customer_id=body.customer_id
        )
        done = admission.book(
            workload_of(Seats), request, booking_context(body.strategy, body.options)
        )
        if done.outcome is Outcome.CONFIRMED:
            confirmed = {**payload(done, seat_description(done)), "booking_id": done.booking_id}
            return jsonify(status="confirmed", **confirmed), 201
        return failure(done, seat_description(done))

    return booking


def seat_description(done: Booking) -> dict[str, Any]:
    """Return the fields of an answer that name the event and the seat."""
    assert isinstance(done.request, SeatRequest)
    return {"event_id": done.request.event_id, "seat_number": "+".join(done.request.seats)}
