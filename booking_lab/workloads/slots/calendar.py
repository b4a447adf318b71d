"""The calendar, which is the state of slots, and the pure functions that decide and apply."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter

from booking_lab.core.workload import Row
from booking_lab.errors import NotHeld, Overlaps, SoldOut
from booking_lab.workloads.slots.requests import LONGEST, SlotRequest

_BEGIN = attrgetter("resource_id", "starts_at")


@dataclass(frozen=True, order=True)
class ReservedTime:
    """A reserved time of a resource, from ``starts_at`` until before ``ends_at``."""

    resource_id: int
    starts_at: datetime
    ends_at: datetime
    branch_id: int
    holder: str

    def __str__(self) -> str:
        return f"resource {self.resource_id} reserved {_span(self.starts_at, self.ends_at)}"


@dataclass(frozen=True, order=True)
class StockLevel:
    """The units left of a product at a branch; negative after an oversell."""

    branch_id: int
    product_id: int
    left: int

    def __str__(self) -> str:
        return f"{self.left} left of product {self.product_id} at branch {self.branch_id}"


@dataclass(frozen=True, order=True)
class Offer:
    """A service that a resource offers at a branch, with its price there."""

    branch_id: int
    resource_id: int
    service_id: int
    price: Decimal


@dataclass(frozen=True)
class Calendar:
    """The state for one or more requests.

    Attributes:
        reserved: the reservations that overlap with the requests or that they give back, in order.
        stock_levels: the stock of the products.
        offers: the services with their prices; empty if no request needs a price.
    """

    reserved: tuple[ReservedTime, ...] = ()
    stock_levels: tuple[StockLevel, ...] = ()
    offers: tuple[Offer, ...] = ()

    def __str__(self) -> str:
        return ", ".join(map(str, (*self.reserved, *self.stock_levels))) or "free"


@dataclass(frozen=True)
class SlotChange:
    """The change that a request makes; the change of the stock follows from the request.

    Attributes:
        action: ``book``, ``move`` or ``cancel``.
        price: the price of a new booking; none for the price at the time of the write.
    """

    action: str
    price: Decimal | None = None

    def __str__(self) -> str:
        return self.action if self.price is None else f"{self.action} for {self.price}"


def calendar_of(rows: Iterable[Row]) -> Calendar:
    """Return the calendar from rows of the statements."""
    reserved, stock_levels, offers = set[ReservedTime](), set[StockLevel](), set[Offer]()
    for what, branch_id, resource_id, item_id, starts_at, ends_at, holder, amount in rows:
        if what == "reserved":
            starts_at, ends_at = starts_at.astimezone(UTC), ends_at.astimezone(UTC)
            reserved.add(ReservedTime(resource_id, starts_at, ends_at, branch_id, holder))
        elif what == "stock_level":
            stock_levels.add(StockLevel(branch_id, item_id, int(amount)))
        elif what == "offer":
            offers.add(Offer(branch_id, resource_id, item_id, amount))
    return Calendar(tuple(sorted(reserved)), tuple(sorted(stock_levels)), tuple(sorted(offers)))


def decide(calendar: Calendar, request: SlotRequest) -> SlotChange:
    """Return the change that ``request`` makes.

    Raises:
        Overlaps: another booking has a part of the time.
        SoldOut: not enough of a product is left.
        NotHeld: the booking to change has changed since.
    """
    if request.replaces:
        check_held(calendar, request)
    if request.action != "cancel":
        _check_free(calendar, request)
    check_stock(calendar, request)
    if request.action != "book":
        return SlotChange(request.action)
    wanted = (request.branch_id, request.resource_id, request.service_id)
    prices = [
        offer.price
        for offer in calendar.offers
        if (offer.branch_id, offer.resource_id, offer.service_id) == wanted
    ]
    return SlotChange(request.action, *prices)


def apply(calendar: Calendar, request: SlotRequest) -> Calendar:
    """Return the calendar after the booking, the move or the cancellation."""
    holder, reserved = str(request.holder), list(calendar.reserved)
    if request.replaces:
        reserved = [one for one in reserved if one.holder != holder]
    if request.resource_id is not None:
        time = (request.starts_at, request.ends_at)
        insort(reserved, ReservedTime(request.resource_id, *time, request.branch_id, holder))
    stock_levels = tuple(
        replace(one, left=one.left - request.units.get((one.branch_id, one.product_id), 0))
        for one in calendar.stock_levels
    )
    return replace(calendar, reserved=tuple(reserved), stock_levels=stock_levels)


def check_held(calendar: Calendar, request: SlotRequest) -> None:
    """Check that the booking to change holds exactly what the request gives back.

    Raises:
        NotHeld: it holds something else.
    """
    held = request.given_back
    assert held
    place = (held.resource_id, held.starts_at, held.ends_at, held.branch_id, str(request.holder))
    if ReservedTime(*place) not in calendar.reserved:
        raise NotHeld


def _check_free(calendar: Calendar, request: SlotRequest) -> None:
    # Sorted by their begin. Only reservations that begin within LONGEST before can overlap.
    begin = (request.resource_id, request.starts_at - LONGEST)
    end = (request.resource_id, request.ends_at)
    first, last = (bisect_left(calendar.reserved, one, key=_BEGIN) for one in (begin, end))
    for other in calendar.reserved[first:last]:
        if other.ends_at > request.starts_at and other.holder != str(request.holder):
            raise Overlaps(
                f"Resource {other.resource_id} is reserved "
                f"{_span(other.starts_at, other.ends_at)}; choose another time."
            )


def check_stock(calendar: Calendar, request: SlotRequest) -> None:
    """Check that enough units of each product are left.

    Raises:
        SoldOut: there are not.
    """
    left: dict[tuple[int, int], int] = {
        (stock_level.branch_id, stock_level.product_id): stock_level.left
        for stock_level in calendar.stock_levels
    }
    for (branch_id, product_id), units in request.units.items():
        if units > 0 and left[branch_id, product_id] < units:
            raise SoldOut(
                f"Product {product_id}: {max(0, left[branch_id, product_id])} left at branch "
                f"{branch_id}, and {units} were asked for."
            )


def _span(starts_at: datetime, ends_at: datetime) -> str:
    return f"from {starts_at.isoformat()} to {ends_at.isoformat()}"


def initial_calendar(
    stock_levels: Sequence[tuple[int, int, int]], requests: Sequence[SlotRequest]
) -> Calendar:
    """Return the calendar after a reset, with everything that ``requests`` touch.

    Args:
        stock_levels: branch, product and units of all stock.
        requests: bookings, moves and cancellations.
    """
    touched = {stock_level for request in requests for stock_level in request.units}
    return Calendar(
        stock_levels=tuple(sorted(StockLevel(*one) for one in stock_levels if one[:2] in touched))
    )
