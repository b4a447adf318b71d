"""What customers ask for: so many tickets of an event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from booking_lab.core.workload import INTERNAL, Request

#: Tickets of one booking at most.
MAX_TICKETS = 10

EventId = Annotated[int, Field(ge=1, le=2**31 - 1, examples=[1])]
Quantity = Annotated[int, Field(ge=1, le=MAX_TICKETS, examples=[1, 2])]


@dataclass(frozen=True, kw_only=True)
class TicketRequest(Request):
    """Tickets of one event, all of them or none.

    Attributes:
        event_id: the event.
        quantity: how many tickets; of a cancellation, none.
        given_back: the tickets of the booking that this one moves or cancels.
    """

    event_id: EventId
    quantity: Quantity
    given_back: int = field(default=0, metadata=INTERNAL)

    def __post_init__(self) -> None:
        """Refuse what can't be meant.

        Raises:
            ValueError: a new booking of no tickets.
        """
        if self.replaces is None and self.quantity < 1:
            raise ValueError("a booking has one ticket at least")

    @property
    def action(self) -> str:
        """Moving to no tickets is cancelling."""
        return "cancel" if self.replaces and not self.quantity else super().action

    @property
    def taken(self) -> int:
        """How many tickets fewer are left afterwards; below zero if there are more."""
        return self.quantity - self.given_back
