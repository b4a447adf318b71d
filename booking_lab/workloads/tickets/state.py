"""The state of tickets, and the pure functions that decide and apply a booking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from booking_lab.errors import EventNotFound, NotHeld, SoldOut
from booking_lab.workloads.tickets.requests import TicketRequest


@dataclass(frozen=True)
class EventCounter:
    """The counter of an event.

    Attributes:
        id: the id of the event.
        available: tickets left; negative after an oversell.
        price: the price of one ticket.
    """

    id: int
    available: int
    price: Decimal = Decimal(0)

    def __str__(self) -> str:
        return f"{self.available} left"


@dataclass(frozen=True)
class HeldTickets:
    """The tickets of a booking to change.

    Attributes:
        booking: the id of the booking.
        quantity: the number of its tickets.
        paid: the amount paid for them.
    """

    booking: str
    quantity: int
    paid: Decimal = Decimal(0)

    def __str__(self) -> str:
        return f"{self.quantity} held"


State = tuple[EventCounter | HeldTickets, ...]


@dataclass(frozen=True)
class TicketChange:
    """The number of tickets that a booking takes, and its price.

    Attributes:
        taken: the number that it takes from the counter; negative if it returns tickets.
        total: the price of the whole booking after the change.
    """

    taken: int
    total: Decimal

    def __str__(self) -> str:
        return f"give back {-self.taken}" if self.taken < 0 else f"take {self.taken}"


def decide(state: State, request: TicketRequest) -> TicketChange:
    """Return the change that ``request`` makes.

    Raises:
        SoldOut: not enough tickets are left.
        NotHeld: the booking to change has changed since.
        EventNotFound: the event is not in the state.
    """
    event = event_of(state, request)
    held = check_held(state, request)
    left, asked = max(event.available, 0), request.taken
    if asked > left:
        raise SoldOut(
            f"Not enough tickets available: {left} {'is' if left == 1 else 'are'} left, "
            f"and {asked} {'was' if asked == 1 else 'were'} asked for."
        )
    return TicketChange(asked, _total(held, request, event.price))


def check_held(state: State, request: TicketRequest) -> HeldTickets:
    """Return the tickets of the request's booking; a new one has none.

    Raises:
        NotHeld: the booking to change holds another number than the request gives back.
    """
    holder = str(request.holder)
    mine = (one for one in state if isinstance(one, HeldTickets) and one.booking == holder)
    held = next(mine, HeldTickets(holder, 0))
    if request.replaces and held.quantity != request.given_back:
        raise NotHeld
    return held if request.replaces else HeldTickets(holder, 0)


def _total(held: HeldTickets, request: TicketRequest, price: Decimal) -> Decimal:
    """Return the price after the change; only added tickets have the present price."""
    if request.taken >= 0:
        return held.paid + request.taken * price
    return round(held.paid * request.quantity / held.quantity, 2)


def apply(state: State, request: TicketRequest, change: TicketChange) -> State:
    """Return the state after ``change``."""
    return tuple(
        EventCounter(one.id, one.available - change.taken, one.price)
        if isinstance(one, EventCounter) and one.id == request.event_id
        else HeldTickets(one.booking, request.quantity, change.total)
        if isinstance(one, HeldTickets) and one.booking == str(request.holder)
        else one
        for one in state
    )


def fresh(requests: Sequence[TicketRequest], available: Mapping[str, int]) -> State:
    """Return the counters after a reset; bookings that are changed later hold nothing yet."""
    events = sorted({request.event_id for request in requests} & set(map(int, available)))
    changed = sorted({str(request.replaces) for request in requests if request.replaces})
    return (
        *(EventCounter(event, available[str(event)]) for event in events),
        *(HeldTickets(booking, 0) for booking in changed),
    )


def event_of(state: State, request: TicketRequest) -> EventCounter:
    """Return the request's event.

    Raises:
        EventNotFound: it is not in the state.
    """
    for one in state:
        if isinstance(one, EventCounter) and one.id == request.event_id:
            return one
    raise no_event(request)


def no_event(request: TicketRequest) -> EventNotFound:
    """Return the error for an event that does not exist."""
    return EventNotFound(
        f"There is no event {request.event_id} with tickets; GET /admin/workloads lists them."
    )
