"""What a booker sees of the tickets, and what a booking makes of it: no database in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from booking_lab.errors import EventNotFound, NotHeld, SoldOut
from booking_lab.workloads.tickets.requests import TicketRequest


@dataclass(frozen=True)
class EventCounter:
    """An event's counter.

    Attributes:
        id: the event.
        available: tickets left; below zero if it was oversold.
        price: of one ticket.
    """

    id: int
    available: int
    price: Decimal = Decimal(0)

    def __str__(self) -> str:
        return f"{self.available} left"


@dataclass(frozen=True)
class HeldTickets:
    """What a booking that shall be changed holds.

    Attributes:
        booking: its id.
        quantity: its tickets.
        paid: what they have cost.
    """

    booking: str
    quantity: int
    paid: Decimal = Decimal(0)

    def __str__(self) -> str:
        return f"{self.quantity} held"


State = tuple[EventCounter | HeldTickets, ...]


@dataclass(frozen=True)
class TicketChange:
    """How many tickets go to the customer; below zero they come back.

    Attributes:
        taken: how many fewer are left.
        total: what the whole booking costs then.
    """

    taken: int
    total: Decimal

    def __str__(self) -> str:
        return f"give back {-self.taken}" if self.taken < 0 else f"take {self.taken}"


def decide(state: State, request: TicketRequest) -> TicketChange:
    """Say what ``request`` changes.

    Raises:
        SoldOut: fewer are left than it takes.
        NotHeld: the booking to be changed isn't what it was.
        EventNotFound: the state doesn't know its event.
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
    """Return what the request's booking holds, which is nothing for a new one.

    Raises:
        NotHeld: it isn't what is given back.
    """
    holder = str(request.holder)
    mine = (one for one in state if isinstance(one, HeldTickets) and one.booking == holder)
    held = next(mine, HeldTickets(holder, 0))
    if request.replaces and held.quantity != request.given_back:
        raise NotHeld
    return held if request.replaces else HeldTickets(holder, 0)


def _total(held: HeldTickets, request: TicketRequest, price: Decimal) -> Decimal:
    """What the booking costs then: what was paid stays paid, what is added has the price of now."""
    if request.taken >= 0:
        return held.paid + request.taken * price
    return round(held.paid * request.quantity / held.quantity, 2)


def apply(state: State, request: TicketRequest, change: TicketChange) -> State:
    """Return the state with the change's tickets taken."""
    return tuple(
        EventCounter(one.id, one.available - change.taken, one.price)
        if isinstance(one, EventCounter) and one.id == request.event_id
        else HeldTickets(one.booking, request.quantity, change.total)
        if isinstance(one, HeldTickets) and one.booking == str(request.holder)
        else one
        for one in state
    )


def fresh(requests: Sequence[TicketRequest], available: Mapping[str, int]) -> State:
    """Return the counters as a reset leaves them, and what is changed later with nothing yet."""
    events = sorted({request.event_id for request in requests} & set(map(int, available)))
    changed = sorted({str(request.replaces) for request in requests if request.replaces})
    return (
        *(EventCounter(event, available[str(event)]) for event in events),
        *(HeldTickets(booking, 0) for booking in changed),
    )


def event_of(state: State, request: TicketRequest) -> EventCounter:
    """Return the request's event.

    Raises:
        EventNotFound: there is none.
    """
    for one in state:
        if isinstance(one, EventCounter) and one.id == request.event_id:
            return one
    raise no_event(request)


def no_event(request: TicketRequest) -> EventNotFound:
    """Return the error for an event that isn't there."""
    return EventNotFound(
        f"There is no event {request.event_id} with tickets; GET /admin/workloads lists them."
    )
