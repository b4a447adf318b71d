"""Checks that everything that a request names exists."""

from __future__ import annotations

from collections.abc import Sequence

from booking_lab.core.workload import Session
from booking_lab.errors import NotFound
from booking_lab.workloads.slots.calendar import Calendar
from booking_lab.workloads.slots.parameters import of_one
from booking_lab.workloads.slots.requests import SlotRequest
from booking_lab.workloads.slots.statements import THERE

#: The highest number of ids in a message.
_LISTED = 10


def check_all_there(session: Session, request: SlotRequest, state: Calendar | None = None) -> None:
    """Check that everything that ``request`` names exists.

    Args:
        session: the session for the queries.
        request: a booking, a move or a cancellation.
        state: the state that was read for it, if any. If it is complete, no query is needed.

    Raises:
        NotFound: something does not exist; the message lists the existing ones.
    """
    if state and _complete(state, request):
        return
    [(tenant, *there)] = session.execute(THERE, of_one(request))
    branches, resources, services, products, works_at, stocked = there
    whose = f"tenant {request.tenant_id}"
    if not tenant:
        raise NotFound(f"There is no {whose}.")
    _check("branch", request.branch_id, branches, f"{whose} has")
    if request.resource_id is not None:
        _check("resource", request.resource_id, resources, f"{whose} has")
        who = f"resource {request.resource_id} of {whose} works at"
        _check("branch", request.branch_id, works_at, who)
    elif request.open and request.branch_id not in works_at:
        raise NotFound(f"Nobody works at branch {request.branch_id} of {whose}.")
    _check("service", request.service_id, services, f"{whose} has")
    for branch_id, product_id in request.units:
        _check("product", product_id, products, f"{whose} has")
        if branch_id == request.branch_id:
            _check("product", product_id, stocked, f"branch {branch_id} of {whose} stocks")


def _complete(state: Calendar, request: SlotRequest) -> bool:
    wanted = (request.branch_id, request.resource_id, request.service_id)
    offered = {(offer.branch_id, offer.resource_id, offer.service_id) for offer in state.offers}
    stock_levels = {
        (stock_level.branch_id, stock_level.product_id) for stock_level in state.stock_levels
    }
    return request.units.keys() <= stock_levels and (
        request.resource_id is None or wanted in offered
    )


def _check(what: str, number: int, there: Sequence[int], who: str) -> None:
    if number in there:
        return
    listed = ", ".join(map(str, there[:_LISTED])) + (", ..." if len(there) > _LISTED else "")
    raise NotFound(f"{who[0].upper()}{who[1:]} no {what} {number}; there are: {listed or 'none'}.")
