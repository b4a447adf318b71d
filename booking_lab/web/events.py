"""Events and their seats."""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from booking_lab.db.session import Session
from booking_lab.errors import EventNotFound
from booking_lab.web.fields import EventPath, Query
from booking_lab.web.problems import documented
from booking_lab.web.state import reading

events = APIBlueprint("events", __name__, abp_tags=[Tag(name="events")])

_EVENTS = "SELECT id, name, venue, event_date, total_seats, created_at FROM events"
_SEATS = """
SELECT seat_number, section, row_name, is_booked, booked_by FROM seats
WHERE event_id = %(event_id)s AND (NOT is_booked OR NOT %(available_only)s) ORDER BY id
"""


class Event(BaseModel):
    """An event."""

    id: int
    name: str
    venue: str
    event_date: str
    total_seats: int
    created_at: str


class Seat(BaseModel):
    """A seat and who has it."""

    seat_number: str
    section: str
    row_name: str
    is_booked: bool
    booked_by: str | None


class Seats(BaseModel):
    """An event's seats in numbers and one by one."""

    total: int
    available: int
    booked: int
    details: list[Seat]


class EventList(BaseModel):
    """All events."""

    events: list[Event]


class EventDetail(BaseModel):
    """An event with its seats."""

    event: Event
    seats: Seats


class SeatList(BaseModel):
    """Seats."""

    seats: list[Seat]


class SeatsQuery(Query):
    """Which seats to list."""

    available_only: bool = Field(False, description="leave out the booked ones")


@events.get("/events", responses={200: EventList, **documented(503)})
def list_events() -> dict[str, Any]:
    """All events."""
    with reading() as (session, _):
        return {"events": [_event(row) for row in session.execute(f"{_EVENTS} ORDER BY id")]}


@events.get("/events/<int:event_id>", responses={200: EventDetail, **documented(404, 422, 503)})
def show_event(path: EventPath) -> dict[str, Any]:
    """An event with its seats."""
    with reading() as (session, _):
        event = _find(session, path.event_id)
        seats = _seats(session, path.event_id, available_only=False)
    booked = sum(seat["is_booked"] for seat in seats)
    return {
        "event": event,
        "seats": {
            "total": len(seats),
            "available": len(seats) - booked,
            "booked": booked,
            "details": seats,
        },
    }


@events.get("/events/<int:event_id>/seats", responses={200: SeatList, **documented(404, 422, 503)})
def list_seats(path: EventPath, query: SeatsQuery) -> dict[str, Any]:
    """An event's seats, or those that are left."""
    with reading() as (session, _):
        _find(session, path.event_id)
        return {"seats": _seats(session, path.event_id, available_only=query.available_only)}


def _find(session: Session, event_id: int) -> dict[str, Any]:
    rows = session.execute(f"{_EVENTS} WHERE id = %(event_id)s", {"event_id": event_id})
    if not rows:
        raise EventNotFound(f"There is no event {event_id}; GET /events lists them.")
    return _event(rows[0])


def _event(row: tuple[Any, ...]) -> dict[str, Any]:
    event = dict(zip(Event.model_fields, row, strict=True))
    return event | {key: event[key].isoformat() for key in ("event_date", "created_at")}


def _seats(session: Session, event_id: int, *, available_only: bool) -> list[dict[str, Any]]:
    rows = session.execute(_SEATS, {"event_id": event_id, "available_only": available_only})
    return [dict(zip(Seat.model_fields, row, strict=True)) for row in rows]
