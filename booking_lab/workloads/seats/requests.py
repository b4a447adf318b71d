"""What customers ask for: seats by their numbers, or the best that are left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from booking_lab.core.workload import INTERNAL, Request

#: Seats of one booking at most.
MAX_SEATS = 20

EventId = Annotated[int, Field(ge=1, le=2**31 - 1, examples=[1])]
SeatNumber = Annotated[str, Field(pattern="^[A-Za-z0-9-]{1,16}$", examples=["A1"])]


@dataclass(frozen=True, kw_only=True)
class SeatRequest(Request):
    """Seats of one event, all of them or none.

    Attributes:
        event_id: the event.
        seats: the seats' numbers.
        best: instead of numbers: how many of the best seats that are left.
        given_back: the seats of the booking that this one moves or cancels, in its order.
    """

    event_id: EventId
    seats: Annotated[
        tuple[SeatNumber, ...], Field(max_length=MAX_SEATS, examples=[["A1", "A2"], ["A2", "A3"]])
    ] = ()
    best: Annotated[int, Field(ge=0, le=MAX_SEATS)] = 0
    given_back: tuple[str, ...] = field(default=(), metadata=INTERNAL)

    def __post_init__(self) -> None:
        """Refuse what can't be meant.

        Raises:
            ValueError: seats twice, or not exactly one of ``seats`` and ``best``.
        """
        if len(set(self.seats)) < len(self.seats):
            raise ValueError("a seat stands there twice")
        if self.replaces is None and bool(self.seats) == bool(self.best):
            raise ValueError("name the seats, or say how many of the best; not both")

    @property
    def open(self) -> bool:
        """Whether the seats are to be chosen."""
        return bool(self.best) and not self.seats

    @property
    def action(self) -> str:
        """Moving to no seats is cancelling."""
        return "cancel" if self.replaces and not self.seats else super().action

    @property
    def touched(self) -> tuple[str, ...]:
        """Every seat that changes hands, in the order asked for."""
        return tuple(dict.fromkeys((*self.seats, *self.given_back)))

    @property
    def new_seats(self) -> tuple[str, ...]:
        """The seats that it has not had before."""
        return tuple(seat for seat in self.seats if seat not in self.given_back)

    @property
    def released_seats(self) -> tuple[str, ...]:
        """The seats that it has no more."""
        return tuple(seat for seat in self.given_back if seat not in self.seats)
