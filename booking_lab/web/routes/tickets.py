"""``/book/unsafe`` and ``/book/safe``: books tickets without any lock, or behind three layers.

The answers follow the article that the two come from: 200 with a message, 400 for an invalid
request or for more tickets than are left, 404 for an unknown event, 429 while another booking holds
the lock. Errors are problem details like all others, and have the article's field ``error``.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from booking_lab.core.booking import Booking, Outcome
from booking_lab.db import bookings_list
from booking_lab.errors import BookingLabError, LockTimeout, SoldOut
from booking_lab.web.http.admission import Admission
from booking_lab.web.http.context import booking_context, read_session_and_selection, workload_of
from booking_lab.web.http.problems import MEDIA_TYPE, ProblemDetails, problem
from booking_lab.web.schemas.booking_response import status_of
from booking_lab.web.schemas.fields import Body, CustomerId
from booking_lab.workloads.tickets import TicketRequest, Tickets
from booking_lab.workloads.tickets.requests import EventId, Quantity

#: Seconds; in effect no wait at all: a booking that finds the lock taken is refused at once.
_SHORTEST_WAIT = 0.001


class TicketsBody(Body):
    """The event, the customer and the number of tickets."""

    event_id: EventId
    user_email: CustomerId
    quantity: Quantity


class TicketsAnswer(BaseModel):
    """A confirmed booking of tickets.

    ``remaining_tickets`` is the number of free tickets after the booking. Both figures are null if
    the database did not answer after the booking.
    """

    message: str
    total_amount: float | None
    remaining_tickets: int | None


class TicketsProblemDetails(ProblemDetails):
    """Problem details, with the reason in a few words in ``error``."""

    error: str


#: The two answer 400 instead, see `_in_the_articles_words`.
NEVER_ANSWERED = {"/book/unsafe": {422}, "/book/safe": {422}}
_PROBLEM = {"schema": {"$ref": "#/components/schemas/TicketsProblemDetails"}}
_RESPONSES: dict[Any, Any] = {200: TicketsAnswer} | {
    status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: _PROBLEM}}
    for status in (400, 403, 404, 413, 415, 421, 429, 500, 503)
}


def blueprint(admission: Admission) -> APIBlueprint:
    """Return the blueprint; ``admission`` limits the bookings of one worker."""
    tickets = APIBlueprint("tickets", __name__, abp_tags=[Tag(name="booking")])

    def book(body: TicketsBody, strategy: str, options: dict[str, Any]) -> Booking:
        request = TicketRequest(
            event_id=body.event_id, customer_id=body.user_email, quantity=body.quantity
        )
        return admission.book(workload_of(Tickets), request, booking_context(strategy, options))

    @tickets.post("/book/unsafe", responses=_RESPONSES)
    def book_unsafe(body: TicketsBody) -> Response | dict[str, Any]:
        """Book tickets under ``none``: nothing prevents overselling."""
        message = "Booking confirmed (UNSAFE VERSION - may have race conditions)"
        return _response(book(body, "none", {}), message)

    @tickets.post("/book/safe", responses=_RESPONSES)
    def book_safe(body: TicketsBody) -> Response | dict[str, Any]:
        """Book tickets under ``layered``; a booking that finds the event locked is refused."""
        done = book(body, "layered", {"wait": _SHORTEST_WAIT})
        return _response(done, "Booking confirmed")

    tickets.after_request(_in_the_articles_words)
    return tickets


def _response(done: Booking, message: str) -> Response | dict[str, Any]:
    if done.outcome is not Outcome.CONFIRMED:
        return problem(status_of(done), done.code, done.message)
    total, left = _price_and_rest(done.request)
    return {"message": message, "total_amount": total, "remaining_tickets": left}


def _price_and_rest(request: Any) -> tuple[float | None, int | None]:
    """Return the price of the booking, and the number of free tickets."""
    tickets = workload_of(Tickets)
    [anchor] = tickets.anchors(request)
    try:
        with read_session_and_selection() as (session, _):
            booking = bookings_list.find(session, [tickets], request.id)
            left = tickets.left(session, anchor)
    except BookingLabError:
        return None, None  # the tickets are booked
    return float(booking.details["total_amount"]), left


def _in_the_articles_words(response: Response) -> Response:
    """Give an error the words and the status of the article."""
    if response.mimetype != MEDIA_TYPE:
        return response
    details = json.loads(response.get_data())
    status, code = response.status_code, details["code"]
    error = HTTPStatus(status).phrase
    if code == SoldOut.code:
        status, error = 400, "Not enough tickets available"
    elif status in {400, 422}:
        status, error = 400, "Invalid request"
    elif status == 404:
        error = "Event not found"
    elif status == 409 or code == LockTimeout.code:
        status, error = 429, "System is busy, please try again"
    return problem(status, code, details["detail"], error=error)
