"""Requests for tickets of an event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from booking_lab.core.workload import INTERNAL, Request

#: The highest number of tickets in one booking.
MAX_TICKETS = 10

EventId = Annotated[int, Field(ge=1, le=2**31 - 1, examples=[1])]
Quantity = Annotated[int, Field(ge=1, le=MAX_TICKETS, examples=[1, 2])]


@dataclass(frozen=True, kw_only=True)
class TicketRequest(Request):
    """Tickets of one event, all of them or none.

    Attributes:
        event_id: the event.
        quantity: the number of tickets; 0 for a cancellation.
        given_back: the number of tickets of the booking that this one moves or cancels.
    """

    event_id: EventId
    quantity: Quantity
    given_back: int = field(default=0, metadata=INTERNAL)

    def __post_init__(self) -> None:
        """Validate the request.

        Raises:
            ValueError: a new booking of no tickets.
        """
        if self.replaces is None and self.quantity < 1:
            raise ValueError("a booking has one ticket at least")

    @property
    def action(self) -> str:
        """``book``, ``move`` or ``cancel``; a move to no tickets is a cancellation."""
        return "cancel" if self.replaces and not self.quantity else super().action

    @property
    def taken(self) -> int:
        """The number of tickets that the request takes; negative if it returns some."""
        return self.quantity - self.given_back
