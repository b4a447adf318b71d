"""Booking tickets in the short form: once without any lock, once behind three layers of them.

These two keep to the words of the article that they come from: 200 with a message, 400 for a
request that makes no sense or asks for more than is left, 404 for an unknown event, 429 while
somebody else holds the lock. Errors are problem details like all others, with the article's own
member ``error`` in addition.
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

#: As good as not waiting: who finds the lock taken is told so at once.
_SHORTEST_WAIT = 0.001


class TicketsBody(Body):
    """So many tickets of an event, please."""

    event_id: EventId
    user_email: CustomerId
    quantity: Quantity


class TicketsAnswer(BaseModel):
    """Tickets that are the customer's.

    ``remaining_tickets`` are those that are left now. Both figures are read after the booking; they
    are null if the database could not be asked any more.
    """

    message: str
    total_amount: float | None
    remaining_tickets: int | None


class TicketsProblemDetails(ProblemDetails):
    """Problem details, with the reason in few words as well."""

    error: str


#: They answer 400 instead, see `_reworded`.
NEVER_ANSWERED = {"/book/unsafe": {422}, "/book/safe": {422}}
_PROBLEM = {"schema": {"$ref": "#/components/schemas/TicketsProblemDetails"}}
_RESPONSES: dict[Any, Any] = {200: TicketsAnswer} | {
    status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: _PROBLEM}}
    for status in (400, 403, 404, 413, 415, 421, 429, 500, 503)
}


def blueprint(admission: Admission) -> APIBlueprint:
    """Return the blueprint; ``admission`` belongs to one worker."""
    tickets = APIBlueprint("tickets", __name__, abp_tags=[Tag(name="booking")])

    def book(body: TicketsBody, strategy: str, options: dict[str, Any]) -> Booking:
        request = TicketRequest(
            event_id=body.event_id, customer_id=body.user_email, quantity=body.quantity
        )
        return admission.book(workload_of(Tickets), request, booking_context(strategy, options))

    @tickets.post("/book/unsafe", responses=_RESPONSES)
    def book_unsafe(body: TicketsBody) -> Response | dict[str, Any]:
        """Book tickets under ``none``: nothing keeps the event from being oversold."""
        message = "Booking confirmed (UNSAFE VERSION - may have race conditions)"
        return _response(book(body, "none", {}), message)

    @tickets.post("/book/safe", responses=_RESPONSES)
    def book_safe(body: TicketsBody) -> Response | dict[str, Any]:
        """Book tickets under ``layered``; who finds the event's lock taken is turned away."""
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
    """Return what the booking cost, and how many tickets are left."""
    tickets = workload_of(Tickets)
    [anchor] = tickets.anchors(request)
    try:
        with read_session_and_selection() as (session, _):
            booking = bookings_list.find(session, [tickets], request.id)
            left = tickets.left(session, anchor)
    except BookingLabError:
        return None, None  # it is booked all the same
    return float(booking.details["total_amount"]), left


def _in_the_articles_words(response: Response) -> Response:
    """Say errors in the article's words and statuses."""
    if response.mimetype != MEDIA_TYPE:
        return response
    said = json.loads(response.get_data())
    status, code = response.status_code, said["code"]
    error = HTTPStatus(status).phrase
    if code == SoldOut.code:
        status, error = 400, "Not enough tickets available"
    elif status in {400, 422}:
        status, error = 400, "Invalid request"
    elif status == 404:
        error = "Event not found"
    elif status == 409 or code == LockTimeout.code:
        status, error = 429, "System is busy, please try again"
    return problem(status, code, said["detail"], error=error)
