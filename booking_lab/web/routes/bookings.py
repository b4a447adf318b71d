"""``/api/bookings``: makes, lists, shows, moves and cancels bookings of every kind."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any, Literal
from uuid import UUID

from flask import Response, abort, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field, RootModel, ValidationError

from booking_lab.core.booking import Booking, Outcome
from booking_lab.db import bookings_list
from booking_lab.errors import InvalidRequest, PluginFault
from booking_lab.web.http import problems
from booking_lab.web.http.admission import Admission
from booking_lab.web.http.context import (
    BrokenKind,
    ask_workloads,
    booking_context,
    lab,
    read_session_and_selection,
)
from booking_lab.web.http.problems import documented_problems
from booking_lab.web.schemas.booking_response import (
    BookingResult,
    documented_failures,
    failure,
    payload,
)
from booking_lab.web.schemas.fields import CustomerId, KindQuery, Query, Scope, StrategyName
from booking_lab.web.schemas.paging import Paged
from booking_lab.web.schemas.unions import any_kind, by_kind
from booking_lab.web.schemas.workload_schema import (
    WorkloadSchema,
    WorkloadSchemas,
    value_errors_are_422,
)

log = logging.getLogger(__name__)

_PATH = "/api/bookings"
_ONE = f"{_PATH}/<uuid:booking_id>"


class BookingEntry(BaseModel):
    """A booking in its present state."""

    kind: str
    id: str
    scope: str
    subject: str
    customer_id: str
    status: Literal["confirmed", "cancelled"]
    created_at: str
    details: dict[str, Any]


class BookingList(Paged):
    """Bookings, newest first.

    ``broken`` lists the kinds whose bookings are missing because their own code failed.
    """

    bookings: list[BookingEntry]
    broken: list[BrokenKind]


class AnyBookingResult(BookingResult):
    """The fields of every answer to a booking; ``details`` are the fields of the request."""

    kind: str
    id: str
    scope: str
    subject: str
    details: dict[str, Any]


class ConfirmedBooking(AnyBookingResult):
    """A booking that was made, moved or cancelled."""

    status: Literal["confirmed", "cancelled"]
    booking_id: int


class FailedBooking(AnyBookingResult):
    """Problem details of a booking that is not confirmed; ``status`` is ``failed``."""

    type: str
    title: str
    detail: str
    code: str
    status: Literal["failed"]


class BookingsQuery(KindQuery):
    """Filters, and the part of the list to show."""

    customer_id: CustomerId | None = None
    status: Literal["confirmed", "cancelled"] | None = None
    scope: Scope | None = None
    limit: int = Field(20, ge=1, le=100)
    cursor: str | None = Field(None, max_length=200, description="an answer's next")


class BookingPath(Query):
    """A booking's id in the path."""

    booking_id: UUID


class CancelQuery(Query):
    """The strategy to cancel under; by default the current one."""

    strategy: StrategyName | None = None


_DONE = {"book": "confirmed", "move": "moved", "cancel": "cancelled"}
_CREATED = {
    "description": "the booking, with its address in Location",
    "headers": {"Location": {"schema": {"type": "string"}, "required": True}},
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ConfirmedBooking"}}},
}
_FAILURES = documented_failures(FailedBooking)


def blueprint(admission: Admission, kinds: WorkloadSchemas) -> APIBlueprint:
    """Return the blueprint, with the request bodies of ``kinds``."""
    bookings = APIBlueprint("bookings", __name__, abp_tags=[Tag(name="bookings")])

    def create(body: RootModel[Any]) -> tuple[Response, int, dict[str, str]] | Response:
        """Make a booking of any kind.

        The answer to a booking that fails is problem details, with ``failed`` as the ``status``.
        """
        asked = body.root
        kind = kinds.get(asked.kind)
        request = kind.request(asked, asked.customer_id)
        done = admission.book(
            kind.workload, request, booking_context(asked.strategy, asked.options)
        )
        thing = description(kind, done)
        if done.outcome is not Outcome.CONFIRMED:
            return failure(done, thing)
        return jsonify(_confirmed(done, thing)), 201, {"Location": f"{_PATH}/{thing['id']}"}

    def move(path: BookingPath, body: RootModel[Any]) -> Response:
        """Move a booking.

        The fields that are sent change, and all others stay. A move that fails changes nothing.
        """
        with read_session_and_selection() as (session, _):
            found = bookings_list.find(session, lab().workloads, path.booking_id)
            kind = kinds.get(found.kind)
            asked, changes = _changes(kind, body.root)
            if not changes:
                names = kind.changeable(session, path.booking_id, found.details)
                raise InvalidRequest(f"Name a field to change: {' or '.join(names)}.")
            with value_errors_are_422():
                request = kind.workload.change(session, path.booking_id, changes)
        done = admission.book(
            kind.workload, request, booking_context(asked.strategy, asked.options)
        )
        return _response(done, description(kind, done))

    def cancel(path: BookingPath, query: CancelQuery) -> Response:
        """Cancel a booking. The things that it held are free again."""
        with read_session_and_selection() as (session, _):
            found = bookings_list.find(session, lab().workloads, path.booking_id)
            kind = kinds.get(found.kind)
            request = kind.workload.change(session, path.booking_id, None)
        done = admission.book(kind.workload, request, booking_context(query.strategy, None))
        held = {"subject": found.subject, "details": found.details}
        return _response(done, description(kind, done) | held)

    # The bodies depend on the workloads, so that no annotation in the source can name them.
    everything = kinds.all()
    create.__annotations__["body"] = by_kind(
        "NewBooking", {name: kind.booking for name, kind in everything.items()}
    )
    move.__annotations__["body"] = any_kind(
        "ChangedBooking", {name: kind.change for name, kind in everything.items()}
    )
    refused = documented_problems(400, 404, 413, 415, 422)
    bookings.post(_PATH, responses={201: _CREATED, **refused, **_FAILURES})(create)
    bookings.patch(_ONE, responses={200: ConfirmedBooking, **refused, **_FAILURES})(move)
    bookings.delete(
        _ONE, responses={200: ConfirmedBooking, **documented_problems(404, 413, 422), **_FAILURES}
    )(cancel)
    bookings.get(_PATH, responses={200: BookingList, **documented_problems(422, 500, 503)})(
        list_bookings
    )
    bookings.get(_ONE, responses={200: BookingEntry, **documented_problems(404, 500, 503)})(
        show_booking
    )
    return bookings


def list_bookings(query: BookingsQuery) -> dict[str, Any]:
    """The bookings, newest first."""
    filters = query.model_dump(include={"customer_id", "status", "scope"}, exclude_none=True)
    broken: list[BrokenKind] = []
    with read_session_and_selection() as (session, _):
        workloads = [lab().workloads.get(query.kind)] if query.kind else list(lab().workloads)
        try:
            found, following = bookings_list.page(
                session, workloads, filters, query.cursor, query.limit
            )
        except PluginFault:
            sound, broken = ask_workloads(
                partial(bookings_list.check, session, filters), query.kind
            )
            workloads = [lab().workloads.get(name) for name in sound]
            found, following = bookings_list.page(
                session, workloads, filters, query.cursor, query.limit
            )
        total = bookings_list.total(session, workloads, filters)
    return {
        "bookings": [one.as_json() for one in found],
        "total": total,
        "next": following,
        "broken": [one.model_dump() for one in broken],
    }


def show_booking(path: BookingPath) -> dict[str, Any]:
    """A booking in its present state."""
    with read_session_and_selection() as (session, _):
        return bookings_list.find(session, lab().workloads, path.booking_id).as_json()


def description(kind: WorkloadSchema, done: Booking) -> dict[str, Any]:
    """Return the fields of an answer that name the booked thing."""
    return {
        "kind": kind.workload.name,
        "id": str(done.request.holder),
        "scope": done.scope,
        "subject": done.subject,
        "details": _details(kind, done),
    }


def _details(kind: WorkloadSchema, done: Booking) -> dict[str, Any]:
    try:
        return kind.details(done.request)
    except BaseException:  # a plug-in's own code; the outcome of the booking is known by now
        log.exception("kind %s can't show its bookings", kind.workload.name)
        return {}


def _changes(kind: WorkloadSchema, sent: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    try:
        return kind.changes(sent)
    except ValidationError as error:
        abort(problems.invalid_fields(error))


def _response(done: Booking, thing: dict[str, Any]) -> Response:
    if done.outcome is Outcome.CONFIRMED:
        return jsonify(_confirmed(done, thing))
    return failure(done, thing)


def _confirmed(done: Booking, thing: dict[str, Any]) -> dict[str, Any]:
    action = done.request.action
    status = "cancelled" if action == "cancel" else "confirmed"
    more = {"message": done.confirmation_text(_DONE[action]), "booking_id": done.booking_id}
    return {"status": status, **payload(done, thing), **more}
