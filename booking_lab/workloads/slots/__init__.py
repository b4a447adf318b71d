"""Time slots: a resource is reserved over a time, and products go along as long as stock lasts.

Everything belongs to a tenant, whose id begins every key: requests of two tenants have no row, no
lock and no version in common, though their resources have the same numbers. One thing they share:
at SERIALIZABLE, PostgreSQL notes what was read by whole pages of a table, so that a booking may
have to start over for another tenant's sake. It sees nothing of that one, and doesn't wait for it.

What is left can't be counted here: a free hour is one booking, or two, or none that fits.
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
    #: Calendars and stock come to the same in whatever order bookings came.
    bookings_only_take = True

    def scope(self, request: SlotRequest) -> str:
        """The tenant."""
        return str(request.tenant_id)

    def subject(self, request: SlotRequest) -> str:
        """The resource, whatever the time."""
        return f"resource {request.resources[0]}" if request.resources else "any resource"

    def anchors(self, request: SlotRequest) -> Sequence[Anchor]:
        """The rows of the stock that changes, and of the resources; none before one is chosen."""
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
        """Read what overlaps with the time, the stock of the products, and the price."""
        return self.read_all(session, [request])

    def decide(self, state: Calendar, request: SlotRequest) -> SlotChange:
        """Refuse a time that overlaps with another booking, and products that aren't there."""
        return calendar.decide(state, request)

    def write(self, session: Session, request: SlotRequest, change: SlotChange) -> int:
        """Write the reservation and take the products, whoever has the time and whatever is left.

        The resource's row stays as it is: two that overlap pass each other unseen.
        """
        return self._write(session, request, change)

    # --- what else can be done with slots --------------------------------------------------------

    def write_if(self, session: Session, request: SlotRequest) -> int:
        """Write if the time is free and the products are there.

        ``INSERT ... WHERE NOT EXISTS`` would not do: a statement sees what was committed when it
        began, not what it has waited for. Here it locks the resource's row first, and looks then,
        through a function that looks anew.
        """
        return self._write(session, request, if_allowed=True)

    def claim(self, session: Session, request: SlotRequest, change: SlotChange) -> int:
        """Write rows that must not overlap, and stock that must not go below zero."""
        return self._write(session, request, change, guarded=True)

    def read_all(self, session: Session, requests: Sequence[SlotRequest]) -> Calendar:
        """Read what all requests touch, which are of one tenant."""
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
        """Return the calendar as it is with the booking made, moved or cancelled."""
        return calendar.apply(state, request)

    def write_all(
        self, session: Session, changes: Sequence[tuple[SlotRequest, SlotChange]]
    ) -> Sequence[int]:
        """Write new bookings of one tenant."""
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
        """Lock the first free resource that nobody else has locked, and the stock.

        Of a request that names its resource, lock that, if nobody else has.
        """
        return choose(session, request)

    # --- what the lab does with slots ------------------------------------------------------------

    def reset(self, session: Session, scope: str, generation: int) -> int:
        """Clear a tenant's calendars and fill up its stock."""
        parameters = {"scope": scope, "generation": generation}
        # Locked by a statement of its own: whatever those wrote that it has waited for is there to
        # be deleted by the next.
        session.execute(statements.LOCK_ALL, parameters)
        return int(session.execute(statements.RESET, parameters)[0][0])

    def available(self, session: Session) -> Mapping[str, int]:
        """Units of products in stock by tenant; time can't be counted."""
        return {row[0]: row[1] for row in session.execute(statements.AVAILABLE)}

    def opening(self, session: Session, scope: str) -> Mapping[str, Any]:
        """Return a tenant's stock: branch, product and units of each, under ``stock``."""
        return {"stock": session.execute(statements.OPENING, {"scope": scope})}

    def fresh(self, requests: Sequence[SlotRequest], available: Mapping[str, Any]) -> Calendar:
        """Return the calendar that a reset leaves; ``available`` is what ``opening`` returned."""
        return calendar.initial_calendar([tuple(row) for row in available["stock"]], requests)

    def changing(
        self, session: Session, booking: UUID, changes: Mapping[str, Any] | None
    ) -> SlotRequest:
        """Move a booking to another time, resource or branch of its tenant, or cancel it."""
        return change_request(session, booking, changes)

    def violations(self, session: Session) -> Sequence[Violation]:
        """Times of a resource that overlap, products sold more often than they were there."""
        return checks.violations(session)

    def scenarios(self, bookers: int) -> Sequence[Scenario]:
        """One slot; the last unit of a product; both."""
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
    """What a constraint's objection means to the customer."""
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
