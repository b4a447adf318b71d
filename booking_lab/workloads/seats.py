"""Numbered seats: a seat is booked by one customer or by none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from booking_lab.core.anchor import Anchor
from booking_lab.core.workload import Request, Session
from booking_lab.errors import EventNotFound, SeatNotFound, Superseded, Taken
from booking_lab.workloads import seat_checks
from booking_lab.workloads.base import Finding, LabWorkload, Violation

_KEY = "event_id = %(event_id)s AND seat_number = %(seat_number)s"
_READ = f"SELECT is_booked, booked_by FROM seats WHERE {_KEY}"

#: Seat and booking in one statement: neither can stand without the other. The version moves in
#: every strategy's writes, so that optimistic bookers notice them; a seat that was reset since the
#: booking began isn't found.
_WRITE = f"""
WITH seat AS (
    UPDATE seats
    SET is_booked = true, booked_by = %(customer_id)s, booked_at = clock_timestamp(),
        version = version + 1
    WHERE {_KEY} AND generation <= %(generation)s
    RETURNING event_id, seat_number
)
INSERT INTO bookings (attempt_id, event_id, seat_number, customer_id)
SELECT %(id)s::uuid, event_id, seat_number, %(customer_id)s FROM seat
RETURNING id
"""
_RESET = """
UPDATE seats
SET is_booked = false, booked_by = NULL, booked_at = NULL, version = version + 1,
    generation = %(generation)s
WHERE event_id = %(scope)s::integer
"""
_CLEAR = "DELETE FROM bookings WHERE event_id = %(scope)s::integer RETURNING id"
_AVAILABLE = """
SELECT event_id::text, count(*) FILTER (WHERE NOT is_booked) FROM seats GROUP BY event_id
"""


@dataclass(frozen=True, kw_only=True)
class SeatRequest(Request):
    """One seat of one event, please."""

    event_id: int
    seat_number: str


@dataclass(frozen=True)
class Seat:
    """A seat's state as a booker read it."""

    is_booked: bool
    booked_by: str | None


@dataclass(frozen=True)
class Book:
    """The change: the seat becomes the customer's."""

    customer_id: str


class Seats(LabWorkload):
    """Numbered seats of an event."""

    name = "seats"
    script = "seats.sql"

    def scope(self, request: SeatRequest) -> str:
        """The event."""
        return str(request.event_id)

    def subject(self, request: SeatRequest) -> str:
        """The seat."""
        return request.seat_number

    def anchors(self, request: SeatRequest) -> Sequence[Anchor]:
        """The seat's row."""
        key = (("event_id", request.event_id), ("seat_number", request.seat_number))
        return (Anchor("seats", key),)

    def read(self, session: Session, request: SeatRequest) -> Seat:
        """Read the seat."""
        rows = session.execute(_READ, _parameters(request))
        if not rows:
            raise self._missing(session, request)
        return Seat(*rows[0])

    def decide(self, state: Seat, request: SeatRequest) -> Book:
        """Refuse a booked seat."""
        if state.is_booked:
            raise Taken(f"Seat {request.seat_number} is booked already.")
        return Book(request.customer_id)

    def write(self, session: Session, request: SeatRequest, change: Book) -> int:
        """Give the seat to the customer, whoever has it."""
        parameters = {**_parameters(request), "customer_id": change.customer_id}
        rows = session.execute(_WRITE, parameters)
        if not rows:
            raise Superseded
        return int(rows[0][0])

    def reset(self, session: Session, scope: str, generation: int) -> int:
        """Free all seats of an event."""
        parameters = {"scope": scope, "generation": generation}
        # Seats first: that waits for every booking under way on them, and whatever those wrote
        # is there to be deleted by the second statement.
        session.execute(_RESET, parameters)
        return len(session.execute(_CLEAR, parameters))

    def violations(self, session: Session) -> Sequence[Violation]:
        """Seats with more than one confirmed booking."""
        return seat_checks.double_bookings(session)

    def audit(self, session: Session) -> Sequence[Finding]:
        """Compare seats, bookings and answers."""
        return seat_checks.audit(session)

    def available(self, session: Session) -> Mapping[str, int]:
        """Free seats by event."""
        return {row[0]: row[1] for row in session.execute(_AVAILABLE)}

    def _missing(self, session: Session, request: SeatRequest) -> EventNotFound | SeatNotFound:
        known = session.execute(
            "SELECT 1 FROM events WHERE id = %(event_id)s", {"event_id": request.event_id}
        )
        if not known:
            return EventNotFound(f"There is no event {request.event_id}; GET /events lists them.")
        return SeatNotFound(
            f"Event {request.event_id} has no seat {request.seat_number!r}; "
            f"GET /events/{request.event_id}/seats lists them."
        )


def _parameters(request: SeatRequest) -> dict[str, object]:
    return {
        "id": str(request.id),
        "generation": request.generation,
        "event_id": request.event_id,
        "seat_number": request.seat_number,
    }
