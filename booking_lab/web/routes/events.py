"""``/events``: events and their seats."""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from booking_lab.core.workload import Row
from booking_lab.db.session import PostgresSession
from booking_lab.errors import EventNotFound
from booking_lab.web.http.context import read_session_and_selection
from booking_lab.web.http.problems import documented_problems
from booking_lab.web.schemas.fields import EventPath, Query
from booking_lab.web.schemas.paging import MOST_ENTRIES, Cursor, Limit, Paged, paged, position

event_routes = APIBlueprint("events", __name__, abp_tags=[Tag(name="events")])

_EVENTS = "SELECT id, name, venue, event_date, total_seats, created_at FROM events"
_COUNT_EVENTS = "SELECT count(*) FROM events"
# One statement counts and lists the seats, so that the numbers agree.
_SEATS = """
SELECT seat_number, section, row_name, is_booked, booked_by, count(*) OVER all_of_them,
       count(*) FILTER (WHERE is_booked) OVER all_of_them
FROM seats WHERE event_id = %(event_id)s AND (NOT is_booked OR NOT %(available_only)s)
WINDOW all_of_them AS () ORDER BY id LIMIT %(limit)s OFFSET %(begin)s
"""
_COUNT_SEATS = """
SELECT count(*) FROM seats
WHERE event_id = %(event_id)s AND (NOT is_booked OR NOT %(available_only)s)
"""


class EventEntry(BaseModel):
    """An event."""

    id: int
    name: str
    venue: str
    event_date: str
    total_seats: int
    created_at: str


class SeatEntry(BaseModel):
    """A seat and its owner."""

    seat_number: str
    section: str
    row_name: str
    is_booked: bool
    booked_by: str | None


class SeatOverview(Paged):
    """The counts of an event's seats, and the first thousand seats.

    ``next`` is the cursor for the next page of ``/events/{event_id}/seats``.
    """

    available: int
    booked: int
    details: list[SeatEntry]


class EventList(Paged):
    """Events."""

    events: list[EventEntry]


class EventDetail(BaseModel):
    """An event with its seats."""

    event: EventEntry
    seats: SeatOverview


class SeatList(Paged):
    """Seats."""

    seats: list[SeatEntry]


class EventsQuery(Query):
    """The part of the list to show."""

    limit: Limit = MOST_ENTRIES
    cursor: Cursor = None


class SeatsQuery(EventsQuery):
    """The seats to list."""

    available_only: bool = Field(False, description="leave out the booked ones")


@event_routes.get("/events", responses={200: EventList, **documented_problems(422, 503)})
def list_events(query: EventsQuery) -> dict[str, Any]:
    """All events."""
    part = {"limit": query.limit, "begin": position(query.cursor)}
    with read_session_and_selection() as (session, _):
        listed = f"{_EVENTS} ORDER BY id LIMIT %(limit)s OFFSET %(begin)s"
        found = [_event(row) for row in session.execute(listed, part)]
        total = session.execute(_COUNT_EVENTS)[0][0]
    return {"events": found, **paged(total, **part).model_dump()}


@event_routes.get(
    "/events/<int:event_id>", responses={200: EventDetail, **documented_problems(404, 422, 503)}
)
def show_event(path: EventPath) -> dict[str, Any]:
    """An event with its seats."""
    with read_session_and_selection() as (session, _):
        event = _find(session, path.event_id)
        rows = _seats(session, path.event_id, available_only=False, limit=MOST_ENTRIES, begin=0)
    total, booked = rows[0][-2:] if rows else (0, 0)
    return {
        "event": event,
        "seats": {
            "available": total - booked,
            "booked": booked,
            "details": [_seat(row) for row in rows],
            **paged(total, 0, MOST_ENTRIES).model_dump(),
        },
    }


@event_routes.get(
    "/events/<int:event_id>/seats", responses={200: SeatList, **documented_problems(404, 422, 503)}
)
def list_seats(path: EventPath, query: SeatsQuery) -> dict[str, Any]:
    """All seats of an event, or only the free ones."""
    part = {"limit": query.limit, "begin": position(query.cursor)}
    with read_session_and_selection() as (session, _):
        _find(session, path.event_id)
        rows = _seats(session, path.event_id, available_only=query.available_only, **part)
        # After the last page, there is no row with the count.
        total = rows[0][-2] if rows else _count_seats(session, path.event_id, query.available_only)
    return {"seats": [_seat(row) for row in rows], **paged(total, **part).model_dump()}


def _find(session: PostgresSession, event_id: int) -> dict[str, Any]:
    rows = session.execute(f"{_EVENTS} WHERE id = %(event_id)s", {"event_id": event_id})
    if not rows:
        raise EventNotFound(f"There is no event {event_id}; GET /events lists them.")
    return _event(rows[0])


def _event(row: tuple[Any, ...]) -> dict[str, Any]:
    event = dict(zip(EventEntry.model_fields, row, strict=True))
    return event | {key: event[key].isoformat() for key in ("event_date", "created_at")}


def _seats(session: PostgresSession, event_id: int, **asked: Any) -> list[Row]:
    """Return the rows of the seats; the last two columns are the counts of all and of booked."""
    return session.execute(_SEATS, {"event_id": event_id, **asked})


def _count_seats(session: PostgresSession, event_id: int, available_only: bool) -> int:
    asked = {"event_id": event_id, "available_only": available_only}
    return int(session.execute(_COUNT_SEATS, asked)[0][0])


def _seat(row: Row) -> dict[str, Any]:
    return dict(zip(SeatEntry.model_fields, row[:-2], strict=True))
