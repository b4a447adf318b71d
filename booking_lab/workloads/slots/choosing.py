"""Chooses and locks a free resource for requests that name none."""

from __future__ import annotations

from dataclasses import replace

from booking_lab.core.workload import Session
from booking_lab.errors import Busy, Overlaps
from booking_lab.workloads.slots import calendar, statements
from booking_lab.workloads.slots.calendar import Calendar, StockLevel
from booking_lab.workloads.slots.missing import check_all_there
from booking_lab.workloads.slots.parameters import of_one
from booking_lab.workloads.slots.requests import SlotRequest


def choose(session: Session, request: SlotRequest) -> SlotRequest:
    """Return the request with a free resource; the resource and the stock are locked.

    Raises:
        Overlaps: no resource is free.
        SoldOut: a resource is free, but not enough of a product is left.
        Busy: other bookings have locked all free resources, or the stock.
        NotFound: the request names something that does not exist.
    """
    if not request.open:
        _lock(session, request)
        return request
    [(resource_id, free, stock)] = session.execute(statements.CHOOSE, of_one(request))
    locked = Calendar(stock_levels=tuple(StockLevel(*one) for one in stock))
    all_locked = resource_id is not None and len(locked.stock_levels) == len(request.units)
    if not all_locked:
        check_all_there(session, request)
    if not free:
        raise Overlaps(
            f"Nobody at branch {request.branch_id} is free at that time; choose another one."
        )
    if len(locked.stock_levels) == len(request.units):
        calendar.check_stock(locked, request)
    if not all_locked:
        raise Busy
    return replace(request, resource_id=resource_id)


def _lock(session: Session, request: SlotRequest) -> None:
    """Lock the resource and the stock of a request.

    Raises:
        Busy: another booking has locked one of them.
    """
    [locked] = session.execute(statements.LOCK, of_one(request))
    if locked != (len(request.units), len(request.resources)):
        check_all_there(session, request)
        raise Busy
