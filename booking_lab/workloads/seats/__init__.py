"""Numbered seats: each has one customer or none, and a basket of seats is booked as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from booking_lab.core.anchor import Anchor
from booking_lab.core.lab_workload import LabWorkload, Scenario, Violation
from booking_lab.core.statement import Statement
from booking_lab.core.workload import Row, Session
from booking_lab.errors import (
    BookingNotFound,
    Busy,
    EventNotFound,
    InvalidRequest,
    NotHeld,
    SeatNotFound,
    SoldOut,
    Superseded,
    Taken,
    Violated,
)
from booking_lab.workloads.seats import checks, statements
from booking_lab.workloads.seats.requests import SeatRequest
from booking_lab.workloads.seats.scenarios import scenarios
from booking_lab.workloads.seats.state import (
    HeldSeats,
    Seat,
    SeatChange,
    State,
    apply,
    check_held,
    decide,
    fresh,
    state_of,
)

__all__ = ["SeatRequest", "Seats"]

#: The name of the constraint on guarded seats.
_GUARD = "seats_guarded"


class Seats(LabWorkload):
    """Numbered seats of an event."""

    name = "seats"
    request = SeatRequest
    listing = checks.LISTING
    wrong = checks.WRONG

    def scope(self, request: SeatRequest) -> str:
        """Return the id of the event."""
        return str(request.event_id)

    def subject(self, request: SeatRequest) -> str:
        """Return the numbers of the seats."""
        return f"best {request.best}" if request.open else "+".join(request.touched)

    def anchors(self, request: SeatRequest) -> Sequence[Anchor]:
        """Return the rows of the seats."""
        return [
            Anchor("seats", (("event_id", request.event_id), ("seat_number", seat)))
            for seat in request.touched
        ]

    def read(self, session: Session, request: SeatRequest) -> State:
        """Read the seats, and the booking to change."""
        return self.read_all(session, [request])

    def decide(self, state: State, request: SeatRequest) -> SeatChange:
        """Refuse if a seat belongs to another booking, or if the booking to change has changed."""
        return decide(state, request)

    def write(self, session: Session, request: SeatRequest, change: SeatChange) -> int:  # noqa: ARG002
        """Give the seats to the customer, without a check whether they are free."""
        return self._write(session, request)

    # --- capabilities ----------------------------------------------------------------------------

    def write_if(self, session: Session, request: SeatRequest) -> int:
        """Give the seats to the customer if they are free."""
        return self._write(session, request, if_allowed=True)

    def claim(self, session: Session, request: SeatRequest, change: SeatChange) -> int:  # noqa: ARG002
        """Take the seats as guarded; a check constraint prevents a second booking of them."""
        return self._write(session, request, guarded=True)

    def read_all(self, session: Session, requests: Sequence[SeatRequest]) -> State:
        """Read the seats of all requests, which belong to one event, and the bookings to change."""
        together = {seat: None for request in requests for seat in request.touched}
        replaced = [str(request.replaces) for request in requests if request.replaces]
        rows = session.execute(
            statements.READ_WITH_HELD if replaced else statements.READ,
            {
                "event_id": requests[0].event_id,
                "touched": list(together),
                "replaced": replaced,
            },
        )
        state = state_of(rows, requests)
        there = {one.number for one in state if isinstance(one, Seat)}
        for request in requests:
            self._check_all_there(session, request, there)
        return state

    def apply(self, state: State, request: SeatRequest, change: SeatChange) -> State:
        """Return the state after ``change``."""
        return apply(state, request, change)

    def fresh(self, requests: Sequence[SeatRequest], available: Mapping[str, int]) -> State:  # noqa: ARG002
        """Return the seats after a reset; bookings that are changed later hold nothing yet."""
        return fresh(requests)

    def write_all(
        self, session: Session, changes: Sequence[tuple[SeatRequest, SeatChange]]
    ) -> Sequence[int]:
        """Write new bookings of different seats by one statement."""
        rows = session.execute(
            statements.WRITE_ALL,
            {"bookings": to_json([row for one, _ in changes for row in _rows(one)]).decode()},
        )
        ids: dict[str, int] = dict(reversed(rows))
        if len(rows) != sum(len(request.seats) for request, _ in changes):
            raise Superseded
        return [ids[str(request.holder)] for request, _ in changes]

    def units(self, request: SeatRequest) -> Mapping[Anchor, int]:
        """Return one unit for each seat, negative for seats that are given back."""
        return {
            anchor: (anchor.parameters["seat_number"] in request.seats)
            - (anchor.parameters["seat_number"] in request.given_back)
            for anchor in self.anchors(request)
        }

    def left(self, session: Session, anchor: Anchor) -> int:
        """Return 1 if the seat is free, and 0 otherwise."""
        query = "SELECT (NOT is_booked)::integer FROM seats WHERE " + anchor.where
        rows = session.execute(query, anchor.parameters)
        return int(rows[0][0]) if rows else 0

    def choose(self, session: Session, request: SeatRequest) -> SeatRequest:
        """Lock the best free seats, or the named seats; pass over seats that others have locked."""
        many = request.best or len(request.touched)
        choose = statements.CHOOSE_BEST if request.open else statements.CHOOSE_NAMED
        [(seats, there)] = session.execute(choose, {**_parameters(request), "many": many})
        if len(seats) == many:
            return replace(request, seats=tuple(seats), best=0) if request.open else request
        if there < many:
            if not request.open:
                self._check_all_there(session, request, set(seats))
            elif not self._event_there(session, request):
                raise self._no_event(request)
            raise SoldOut(f"{there} seats are left, and {many} were asked for.")
        raise Busy

    # --- resets, changes and checks --------------------------------------------------------------

    def reset(self, session: Session, scope: str, generation: int) -> int:
        """Free all seats of an event."""
        parameters = {"scope": scope, "generation": generation}
        # Seats come first: this waits for every booking under way on them. The second statement
        # deletes the rows that those have written.
        session.execute(statements.RESET, parameters)
        return int(session.execute(statements.CLEAR, parameters)[0][0])

    def available(self, session: Session) -> Mapping[str, int]:
        """Return the number of free seats by event."""
        return {row[0]: row[1] for row in session.execute(statements.AVAILABLE)}

    def changing(
        self, session: Session, booking: UUID, changes: Mapping[str, Any] | None
    ) -> SeatRequest:
        """Return the request that moves a booking to other seats of its event, or cancels it."""
        rows = session.execute(statements.LOOK_UP, {"booking": str(booking)})
        if not rows:
            raise BookingNotFound
        event_id, customer_id, seats, cancelled = rows[0]
        if cancelled:
            raise NotHeld(f"The booking {booking} is cancelled.")
        asked = {} if changes is None else {"seats": seats, **changes}
        if not asked.keys() <= {"seats"} or (changes is not None and not asked["seats"]):
            raise InvalidRequest(
                "A booking is moved to other seats of its event: send seats, and nothing else."
            )
        return SeatRequest(
            event_id=event_id,
            customer_id=customer_id,
            seats=tuple(asked.get("seats", ())),
            given_back=tuple(seats),
            replaces=booking,
        )

    def violations(self, session: Session) -> Sequence[Violation]:
        """Return the seats with more than one confirmed booking."""
        return checks.double_bookings(session)

    def scenarios(self, bookers: int) -> Sequence[Scenario]:
        """Return the scenarios of seats, from one seat to baskets and changes."""
        return scenarios(bookers)

    def _write(
        self, session: Session, request: SeatRequest, *, if_allowed: bool = False,
        guarded: bool = False,
    ) -> int:  # fmt: skip
        moves = request.replaces is not None
        if len(request.seats) == 1 and not moves:
            booked = self._write_one(session, request, if_allowed=if_allowed, guarded=guarded)
            if booked is not None:
                return booked
        statement = statements.write(moves=moves, if_allowed=if_allowed, guarded=guarded)
        rows = _execute(session, statement, request, _parameters(request))
        self._check_all_there(session, request, {row[0] for row in rows})
        if not all(row[3] for row in rows):
            raise Superseded
        state: State = tuple(Seat(*row[:3]) for row in rows)
        if moves:
            held = request.given_back if rows[0][4] else ()
            state = (*state, HeldSeats(str(request.holder), held))
            check_held(state, request)
        if not rows[0][5]:
            self.decide(state, request)
        return int(rows[0][6])

    def _write_one(
        self, session: Session, request: SeatRequest, *, if_allowed: bool, guarded: bool
    ) -> int | None:
        """Book one seat; return none if its state has changed during the statement."""
        statement = statements.write_one(if_allowed=if_allowed, guarded=guarded)
        parameters = {**_parameters(request), "seat": request.seats[0]}
        rows = _execute(session, statement, request, parameters)
        self._check_all_there(session, request, {row[0] for row in rows})
        [(number, holder, booked_by, current, booking_id)] = rows
        if booking_id is not None:
            return int(booking_id)
        if not current:
            raise Superseded
        if if_allowed:
            self.decide((Seat(number, holder, booked_by),), request)
        return None

    def _check_all_there(self, session: Session, request: SeatRequest, there: set[str]) -> None:
        missing = set(request.touched) - there
        if not missing:
            return
        if not self._event_there(session, request):
            raise self._no_event(request)
        raise SeatNotFound(
            f"Event {request.event_id} has no seat {min(missing)!r}; "
            f"GET /events/{request.event_id}/seats lists them."
        )

    def _event_there(self, session: Session, request: SeatRequest) -> bool:
        query = "SELECT 1 FROM events WHERE id = %(event_id)s"
        return bool(session.execute(query, {"event_id": request.event_id}))

    def _no_event(self, request: SeatRequest) -> EventNotFound:
        return EventNotFound(f"There is no event {request.event_id}; GET /events lists them.")


def _execute(
    session: Session, statement: Statement, request: SeatRequest, parameters: dict[str, object]
) -> Sequence[Row]:
    try:
        return session.execute(statement, parameters)
    except Violated as error:
        if error.constraint != _GUARD:
            raise
        seats = "+".join(request.seats)
        raise Taken(f"Seat {seats} is booked already, said the check constraint.") from error


def _parameters(request: SeatRequest) -> dict[str, object]:
    return {
        "holder": str(request.holder),
        "generation": request.generation,
        "event_id": request.event_id,
        "customer_id": request.customer_id,
        "seats": list(request.seats),
        "given_back": list(request.given_back),
        "touched": list(request.touched),
    }


def _rows(request: SeatRequest) -> list[dict[str, object]]:
    common = {name: v for name, v in _parameters(request).items() if name in _COMMON}
    return [{**common, "seat_number": seat, "basket": request.seats} for seat in request.seats]


_COMMON = {"holder", "generation", "event_id", "customer_id"}
