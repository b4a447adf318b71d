"""Requests that move or cancel booked slots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from booking_lab.core.workload import Session
from booking_lab.errors import BookingNotFound, InvalidRequest, NotHeld
from booking_lab.validation import field_errors
from booking_lab.workloads.slots.requests import (
    EARLIEST,
    BranchId,
    HeldSlot,
    Moment,
    Product,
    ResourceId,
    SlotRequest,
)
from booking_lab.workloads.slots.statements import LOOK_UP


class SlotMove(BaseModel):
    """The fields of a booking that a move can change; missing fields stay as they are."""

    model_config = ConfigDict(strict=True, extra="forbid")

    branch_id: BranchId = 0
    resource_id: ResourceId = 0
    starts_at: Moment = EARLIEST
    ends_at: Moment = EARLIEST


_WHAT = "A booking is moved by branch_id, resource_id, starts_at and ends_at"


def change_request(
    session: Session, booking: UUID, changes: Mapping[str, Any] | None
) -> SlotRequest:
    """Return the request that moves a booking, or cancels it if ``changes`` is none.

    Raises:
        BookingNotFound, NotHeld, InvalidRequest: as ``LabWorkload.changing`` says.
    """
    rows = session.execute(LOOK_UP, {"booking": str(booking)})
    if not rows:
        raise BookingNotFound
    tenant_id, branch_id, resource_id, service_id, starts_at, ends_at, customer, *rest = rows[0]
    cancelled, products = rest
    if cancelled:
        raise NotHeld(f"The booking {booking} is cancelled.")
    held = SlotRequest(
        tenant_id=tenant_id,
        branch_id=branch_id,
        resource_id=resource_id,
        service_id=service_id,
        starts_at=starts_at,
        ends_at=ends_at,
        products=tuple(Product(*product) for product in products),
        customer_id=customer,
    )
    time = held.starts_at, held.ends_at
    given_back = HeldSlot(branch_id, resource_id, *time)
    new: Mapping[str, Any] = {"resource_id": None} if changes is None else _checked(changes)
    try:
        return replace(held, given_back=given_back, replaces=booking, **new)
    except ValueError as error:
        raise InvalidRequest(f"The booking can't be moved so: {error}.") from None


def _checked(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Validate changes; their times may be text or datetime."""
    if others := changes.keys() - SlotMove.model_fields.keys():
        raise InvalidRequest(f"{_WHAT}, not by {min(others)}; else cancel it and book again.")
    try:
        sent = json.dumps(dict(changes), default=datetime.isoformat)
        return SlotMove.model_validate_json(sent).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise InvalidRequest(f"{_WHAT}: {field_errors(error, 'changes')[0]}.") from None
