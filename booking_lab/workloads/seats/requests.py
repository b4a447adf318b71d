"""Requests for seats, by their numbers or for the best ones left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from booking_lab.core.workload import INTERNAL, Request

#: The highest number of seats in one booking.
MAX_SEATS = 20

EventId = Annotated[int, Field(ge=1, le=2**31 - 1, examples=[1])]
SeatNumber = Annotated[str, Field(pattern="^[A-Za-z0-9-]{1,16}$", examples=["A1"])]


@dataclass(frozen=True, kw_only=True)
class SeatRequest(Request):
    """Seats of one event, all of them or none.

    Attributes:
        event_id: the event.
        seats: the seats' numbers.
        best: the number of the best free seats, instead of ``seats``.
        given_back: the seats of the booking that this one moves or cancels, in the booking's order.
    """

    event_id: EventId
    seats: Annotated[
        tuple[SeatNumber, ...], Field(max_length=MAX_SEATS, examples=[["A1", "A2"], ["A2", "A3"]])
    ] = ()
    best: Annotated[int, Field(ge=0, le=MAX_SEATS)] = 0
    given_back: tuple[str, ...] = field(default=(), metadata=INTERNAL)

    def __post_init__(self) -> None:
        """Validate the request.

        Raises:
            ValueError: a seat occurs twice, or not exactly one of ``seats`` and ``best`` is given.
        """
        if len(set(self.seats)) < len(self.seats):
            raise ValueError("a seat occurs twice")
        if self.replaces is None and bool(self.seats) == bool(self.best):
            raise ValueError("name the seats, or say how many of the best; not both")

    @property
    def open(self) -> bool:
        """Whether seats have to be chosen."""
        return bool(self.best) and not self.seats

    @property
    def action(self) -> str:
        """``book``, ``move`` or ``cancel``; a move to no seats is a cancellation."""
        return "cancel" if self.replaces and not self.seats else super().action

    @property
    def touched(self) -> tuple[str, ...]:
        """All seats of the request, new and given back, in the order of the request."""
        return tuple(dict.fromkeys((*self.seats, *self.given_back)))

    @property
    def new_seats(self) -> tuple[str, ...]:
        """The seats that the booking does not have yet."""
        return tuple(seat for seat in self.seats if seat not in self.given_back)

    @property
    def released_seats(self) -> tuple[str, ...]:
        """The seats that the booking gives up."""
        return tuple(seat for seat in self.given_back if seat not in self.seats)
