"""Tickets by quantity: an event has a number of them, and a booking takes some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from booking_lab.core.anchor import Anchor
from booking_lab.core.lab_workload import LabWorkload, Scenario, Violation
from booking_lab.core.statement import Statement
from booking_lab.core.workload import Row, Session
from booking_lab.errors import (
    BookingNotFound,
    InvalidRequest,
    NotHeld,
    SoldOut,
    Superseded,
    Violated,
)
from booking_lab.workloads.tickets import checks, statements
from booking_lab.workloads.tickets.requests import MAX_TICKETS, TicketRequest
from booking_lab.workloads.tickets.scenarios import scenarios
from booking_lab.workloads.tickets.state import (
    EventCounter,
    HeldTickets,
    State,
    TicketChange,
    apply,
    decide,
    event_of,
    fresh,
    no_event,
)

__all__ = ["TicketRequest", "Tickets"]

#: The name of the constraint on a guarded counter.
_GUARD = "ticket_events_guarded"


class Tickets(LabWorkload):
    """Tickets of an event, by quantity."""

    name = "tickets"
    request = TicketRequest
    listing = checks.LISTING
    wrong = checks.WRONG
    #: Bookings only lower a counter, so they commute.
    bookings_only_take = True

    def scope(self, request: TicketRequest) -> str:
        """Return the id of the event."""
        return str(request.event_id)

    def subject(self, request: TicketRequest) -> str:  # noqa: ARG002
        """Return the same name for every request: an event has one counter."""
        return checks.SUBJECT

    def anchors(self, request: TicketRequest) -> Sequence[Anchor]:
        """Return the row of the event."""
        return [Anchor("ticket_events", (("id", request.event_id),))]

    def read(self, session: Session, request: TicketRequest) -> State:
        """Read the counter, and the booking to change."""
        return self.read_all(session, [request])

    def decide(self, state: State, request: TicketRequest) -> TicketChange:
        """Refuse if not enough tickets are left."""
        return decide(state, request)

    def write(self, session: Session, request: TicketRequest, change: TicketChange) -> int:
        """Take the tickets, without a check whether enough are left."""
        return self._write(session, request, change)

    # --- capabilities ----------------------------------------------------------------------------

    def write_if(self, session: Session, request: TicketRequest) -> int:
        """Take the tickets if enough are left."""
        if request.replaces is None:
            booked = self._execute_write(session, statements.BOOK_IF_ENOUGH, request)
            if booked is not None:
                return booked
        return self._write_locked(session, request, if_allowed=True)

    def claim(self, session: Session, request: TicketRequest, change: TicketChange) -> int:
        """Take the tickets as guarded; a check constraint keeps the counter at zero or more."""
        # A booking that gives tickets back must succeed even if the counter is below zero.
        return self._write(session, request, change, guarded=request.taken > 0)

    def read_all(self, session: Session, requests: Sequence[TicketRequest]) -> State:
        """Read the counters of all requests' events, and the bookings to change."""
        replaced = [str(request.replaces) for request in requests if request.replaces]
        rows = session.execute(
            statements.READ_WITH_HELD if replaced else statements.READ,
            {"events": list({request.event_id for request in requests}), "replaced": replaced},
        )
        state = tuple(
            HeldTickets(key, number, amount) if held else EventCounter(int(key), number, amount)
            for key, number, amount, held in rows
        )
        for request in requests:
            event_of(state, request)
        return state

    def apply(self, state: State, request: TicketRequest, change: TicketChange) -> State:
        """Return the state after ``change``."""
        return apply(state, request, change)

    def fresh(self, requests: Sequence[TicketRequest], available: Mapping[str, int]) -> State:
        """Return the counters after a reset; bookings that are changed later hold nothing yet."""
        return fresh(requests, available)

    def write_all(
        self, session: Session, changes: Sequence[tuple[TicketRequest, TicketChange]]
    ) -> Sequence[int]:
        """Write new bookings of one event by one statement."""
        requests = [request for request, _ in changes]
        rows = session.execute(
            statements.WRITE_ALL,
            {
                "event_id": requests[0].event_id,
                "generation": min(request.generation for request in requests),
                "taken": sum(change.taken for _, change in changes),
                "bookings": to_json([_row(request) for request in requests]).decode(),
            },
        )
        if not rows:
            raise Superseded
        ids: dict[str, int] = dict(rows)
        return [ids[str(request.id)] for request in requests]

    def units(self, request: TicketRequest) -> Mapping[Anchor, int]:
        """Return the number of tickets that the request takes of the event."""
        [anchor] = self.anchors(request)
        return {anchor: request.taken}

    def left(self, session: Session, anchor: Anchor) -> int:
        """Return the number of tickets left."""
        query = f"SELECT available_tickets FROM ticket_events WHERE {anchor.where}"
        rows = session.execute(query, anchor.parameters)
        return int(rows[0][0]) if rows else 0

    # --- resets, changes and checks --------------------------------------------------------------

    def reset(self, session: Session, scope: str, generation: int) -> int:
        """Put all tickets of an event back on sale."""
        parameters = {"scope": scope, "generation": generation}
        # The event comes first: this waits for every booking under way. The second statement
        # deletes the rows that those have written.
        session.execute(statements.RESET, parameters)
        return int(session.execute(statements.CLEAR, parameters)[0][0])

    def available(self, session: Session) -> Mapping[str, int]:
        """Return the number of tickets left by event."""
        return {row[0]: row[1] for row in session.execute(statements.AVAILABLE)}

    def changing(
        self, session: Session, booking: UUID, changes: Mapping[str, Any] | None
    ) -> TicketRequest:
        """Return the request that changes a booking's quantity, or cancels it."""
        rows = session.execute(statements.LOOK_UP, {"booking": str(booking)})
        if not rows:
            raise BookingNotFound
        event_id, customer_id, quantity, cancelled = rows[0]
        if cancelled:
            raise NotHeld(f"The booking {booking} is cancelled.")
        if changes is None:
            asked = 0
        elif changes.keys() == {"quantity"} and 1 <= changes["quantity"] <= MAX_TICKETS:
            asked = changes["quantity"]
        else:
            # Events are reset one by one; a booking with a new event would be reset only in part.
            raise InvalidRequest(
                f"A booking stays with its event: send quantity, from 1 to {MAX_TICKETS}. For "
                f"another event, cancel it and book again."
            )
        return TicketRequest(
            event_id=event_id,
            customer_id=customer_id,
            quantity=asked,
            given_back=quantity,
            replaces=booking,
        )

    def violations(self, session: Session) -> Sequence[Violation]:
        """Return the events with more confirmed tickets than were on sale."""
        return checks.oversells(session)

    def scenarios(self, bookers: int) -> Sequence[Scenario]:
        """Return the scenarios of tickets, from the last ticket to changes."""
        return scenarios(bookers)

    def _write(
        self,
        session: Session,
        request: TicketRequest,
        change: TicketChange,
        *,
        guarded: bool = False,
    ) -> int:
        if request.replaces:
            return self._write_locked(session, request, if_allowed=False, guarded=guarded)
        statement = statements.book(guarded=guarded)
        rows = _execute(session, statement, _parameters(request, change.taken))
        if not rows:
            raise Superseded
        return int(rows[0][0])

    def _write_locked(
        self, session: Session, request: TicketRequest, *, if_allowed: bool, guarded: bool = False
    ) -> int:
        moves = request.replaces is not None
        statement = statements.locked_write(moves=moves, if_allowed=if_allowed, guarded=guarded)
        booking_id = self._execute_write(session, statement, request)
        assert booking_id is not None, "it checks under the lock, and nothing refused it"
        return booking_id

    def _execute_write(
        self, session: Session, statement: Statement, request: TicketRequest
    ) -> int | None:
        """Run a statement that checks and writes; return none if the state changed meanwhile."""
        rows = _execute(session, statement, _parameters(request, request.taken))
        if not rows:
            raise no_event(request)
        [(current, available, price, held, booking_id)] = rows
        if not current:
            raise Superseded
        if booking_id is not None:
            return int(booking_id)
        state = (
            EventCounter(request.event_id, available, price),
            HeldTickets(str(request.holder), held),
        )
        self.decide(state, request)
        return None


def _execute(
    session: Session, statement: Statement, parameters: dict[str, object]
) -> Sequence[Row]:
    try:
        return session.execute(statement, parameters)
    except Violated as error:
        if error.constraint != _GUARD:
            raise
        raise SoldOut("Not enough tickets available, said the check constraint.") from error


def _parameters(request: TicketRequest, taken: int) -> dict[str, object]:
    return {
        "holder": str(request.holder),
        "generation": request.generation,
        "event_id": request.event_id,
        "customer_id": request.customer_id,
        "quantity": request.quantity,
        "given_back": request.given_back,
        "taken": taken,
    }


def _row(request: TicketRequest) -> dict[str, object]:
    return {
        "holder": request.id,
        "customer_id": request.customer_id,
        "quantity": request.quantity,
    }
