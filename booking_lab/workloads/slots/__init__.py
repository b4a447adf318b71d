"""Time slots: a resource is reserved for a time, together with products as long as stock lasts.

Everything belongs to a tenant, and every key begins with the tenant's id. So requests of two
tenants share no row, no lock and no version, even if their resources have the same numbers. There
is one exception: at SERIALIZABLE, PostgreSQL tracks reads by whole pages of a table, so a booking
may have to start over because of another tenant. It never sees that tenant's data or waits for it.

The free time can't be counted: a free hour is one booking, or two, or none that fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from booking_lab.core.anchor import Anchor
from booking_lab.core.lab_workload import LabWorkload, Scenario, Violation
from booking_lab.core.statement import Statement
from booking_lab.core.workload import Row, Session
from booking_lab.errors import Conflict, Overlaps, Refused, SoldOut, Superseded, Violated
from booking_lab.workloads.slots import calendar, checks, statements, write_statements
from booking_lab.workloads.slots.calendar import Calendar, SlotChange, calendar_of
from booking_lab.workloads.slots.change_requests import change_request
from booking_lab.workloads.slots.choosing import choose
from booking_lab.workloads.slots.missing import check_all_there
from booking_lab.workloads.slots.parameters import as_json, of_all, of_one
from booking_lab.workloads.slots.requests import Product, SlotRequest
from booking_lab.workloads.slots.scenarios import scenarios

__all__ = ["Product", "SlotRequest", "Slots"]

_RESET = "The calendars were reset while this booking was under way; nothing was booked. Try again."


class Slots(LabWorkload):
    """Times of resources, with products."""

    name = "slots"
    request = SlotRequest
    listing = checks.LISTING
    wrong = checks.WRONG
    #: Bookings only take time and stock, so they commute.
    bookings_only_take = True

    def scope(self, request: SlotRequest) -> str:
        """Return the id of the tenant."""
        return str(request.tenant_id)

    def subject(self, request: SlotRequest) -> str:
        """Return the name of the resource, without the time."""
        return f"resource {request.resources[0]}" if request.resources else "any resource"

    def anchors(self, request: SlotRequest) -> Sequence[Anchor]:
        """Return the rows of the stock and of the resources; none before a resource is chosen."""
        if request.open:
            return []
        tenant = ("tenant_id", request.tenant_id)
        return [
            *(
                Anchor("slot_product_branches", (tenant, ("branch_id", b), ("product_id", p)))
                for b, p in request.units
            ),
            *(Anchor("slot_resources", (tenant, ("resource_id", r))) for r in request.resources),
        ]

    def read(self, session: Session, request: SlotRequest) -> Calendar:
        """Read the overlapping reservations, the stock of the products, and the price."""
        return self.read_all(session, [request])

    def decide(self, state: Calendar, request: SlotRequest) -> SlotChange:
        """Refuse a time that overlaps with another booking, and products without enough stock."""
        return calendar.decide(state, request)

    def write(self, session: Session, request: SlotRequest, change: SlotChange) -> int:
        """Write the reservation and take the products, without a check of time and stock.

        The row of the resource does not change, so overlapping bookings don't notice each other.
        """
        return self._write(session, request, change)

    # --- capabilities ----------------------------------------------------------------------------

    def write_if(self, session: Session, request: SlotRequest) -> int:
        """Write if the time is free and enough of the products is left.

        ``INSERT ... WHERE NOT EXISTS`` is not enough: a statement sees the rows from its begin, and
        not those that it has waited for. So this one first locks the row of the resource, and then
        calls a function that reads with a new snapshot.
        """
        return self._write(session, request, if_allowed=True)

    def claim(self, session: Session, request: SlotRequest, change: SlotChange) -> int:
        """Write as guarded; constraints prevent overlaps and a stock below zero."""
        return self._write(session, request, change, guarded=True)

    def read_all(self, session: Session, requests: Sequence[SlotRequest]) -> Calendar:
        """Read the state for all requests, which belong to one tenant."""
        statement = statements.read(
            takes=any(request.resource_id is not None for request in requests),
            stock=any(request.units for request in requests),
            holds=any(request.replaces for request in requests),
        )
        state = calendar_of(session.execute(statement, of_all(requests)))
        for request in requests:
            check_all_there(session, request, state)
        return state

    def apply(self, state: Calendar, request: SlotRequest, change: SlotChange) -> Calendar:  # noqa: ARG002
        """Return the calendar after the booking, the move or the cancellation."""
        return calendar.apply(state, request)

    def write_all(
        self, session: Session, changes: Sequence[tuple[SlotRequest, SlotChange]]
    ) -> Sequence[int]:
        """Write new bookings of one tenant by one statement."""
        rows = session.execute(
            write_statements.WRITE_ALL,
            {
                "tenant_id": changes[0][0].tenant_id,
                "bookings": to_json([as_json(*one) for one in changes]).decode(),
            },
        )
        ids: dict[str, int] = dict(rows)
        if len(ids) < len(changes):
            raise Superseded(_RESET)
        return [ids[str(request.holder)] for request, _ in changes]

    def choose(self, session: Session, request: SlotRequest) -> SlotRequest:
        """Lock the first free resource that no other booking has locked, and the stock.

        If the request names its resource, lock that one.
        """
        return choose(session, request)

    # --- resets, changes and checks --------------------------------------------------------------

    def reset(self, session: Session, scope: str, generation: int) -> int:
        """Clear the calendars of a tenant, and fill up its stock."""
        parameters = {"scope": scope, "generation": generation}
        # A statement of its own locks the rows, and waits for bookings under way. The next
        # statement deletes the rows that those have written.
        session.execute(statements.LOCK_ALL, parameters)
        return int(session.execute(statements.RESET, parameters)[0][0])

    def available(self, session: Session) -> Mapping[str, int]:
        """Return the units of products in stock by tenant; time can't be counted."""
        return {row[0]: row[1] for row in session.execute(statements.AVAILABLE)}

    def opening(self, session: Session, scope: str) -> Mapping[str, Any]:
        """Return a tenant's stock: branch, product and units of each, under ``stock``."""
        return {"stock": session.execute(statements.OPENING, {"scope": scope})}

    def fresh(self, requests: Sequence[SlotRequest], available: Mapping[str, Any]) -> Calendar:
        """Return the calendar after a reset; ``available`` comes from ``opening``."""
        return calendar.initial_calendar([tuple(row) for row in available["stock"]], requests)

    def changing(
        self, session: Session, booking: UUID, changes: Mapping[str, Any] | None
    ) -> SlotRequest:
        """Return the request that moves a booking within its tenant, or cancels it."""
        return change_request(session, booking, changes)

    def violations(self, session: Session) -> Sequence[Violation]:
        """Return overlapping bookings, and products with more units sold than stocked."""
        return checks.violations(session)

    def scenarios(self, bookers: int) -> Sequence[Scenario]:
        """Return the scenarios of slots, from one slot to products and changes."""
        return scenarios(bookers)

    def _write(
        self, session: Session, request: SlotRequest, change: SlotChange | None = None, *,
        if_allowed: bool = False, guarded: bool = False,
    ) -> int:  # fmt: skip
        parameters = {**of_one(request), "price": change.price if change else None}
        if request.action == "book" and not request.units and not guarded:
            lean = write_statements.write_lean(if_allowed=if_allowed)
            if rows := _execute(session, lean, request, parameters):
                return int(rows[0][0])
        statement = write_statements.write(
            request.action, stock=bool(request.units), if_allowed=if_allowed, guarded=guarded
        )
        rows = _execute(session, statement, request, parameters)
        booked = [row[-1] for row in rows if row[0] == "booked"]
        if booked:
            return int(booked[0])
        if any(row[0] == "late" for row in rows):
            raise Superseded(_RESET)
        if any(row[0] == "excluded" for row in rows):
            raise _overlaps(request)
        state = calendar_of(rows)
        if request.replaces:
            calendar.check_held(state, request)
        check_all_there(session, request, state)
        self.decide(state, request)
        raise Conflict


def _execute(
    session: Session, statement: Statement, request: SlotRequest, parameters: Mapping[str, object]
) -> Sequence[Row]:
    try:
        return session.execute(statement, parameters)
    except Violated as error:
        raise _refusal(error, request) from error


def _refusal(error: Violated, request: SlotRequest) -> Refused:
    """Return the refusal for a violated constraint."""
    if error.constraint == "slot_reservations_guarded":
        return _overlaps(request)
    if error.constraint == "slot_stock_guarded":
        return SoldOut("Not enough is left of the products, said the check.")
    return error


def _overlaps(request: SlotRequest) -> Overlaps:
    return Overlaps(
        f"Resource {request.resource_id} is reserved at that time, said the exclusion constraint; "
        f"choose another time."
    )
