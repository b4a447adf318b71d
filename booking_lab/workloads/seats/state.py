"""What a booker sees of the seats, and what a booking makes of it: no database in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking_lab.errors import NotHeld, Taken
from booking_lab.workloads.seats.requests import SeatRequest


@dataclass(frozen=True)
class Seat:
    """A seat as a booker read it.

    Attributes:
        number: its number.
        holder: the booking that holds it; none: it is free.
        booked_by: the customer whose name it bears.
    """

    number: str
    holder: str | None = None
    booked_by: str | None = None

    def __str__(self) -> str:
        return f"{self.number} {f'booked by {self.booked_by}' if self.holder else 'free'}"


State = tuple[Seat, ...]


@dataclass(frozen=True)
class Change:
    """Which seats become the customer's, and which become free."""

    taken: tuple[str, ...]
    freed: tuple[str, ...] = ()

    def __str__(self) -> str:
        taken = [f"take {'+'.join(self.taken)}"] if self.taken else []
        return ", ".join(taken + ([f"free {'+'.join(self.freed)}"] if self.freed else []))


def decide(state: State, request: SeatRequest) -> Change:
    """Return what shall change.

    Raises:
        Taken: a seat is somebody else's.
        NotHeld: the booking to change does not hold its seats any more.
    """
    for seat in state:
        if seat.number in request.given_back:
            if seat.holder != str(request.holder):
                raise NotHeld(f"The booking does not hold seat {seat.number} any more.")
        elif seat.number in request.seats and seat.holder:
            raise Taken(f"Seat {seat.number} is booked already.")
    freed = tuple(seat for seat in request.given_back if seat not in request.seats)
    return Change(request.seats, freed)


def apply(state: State, request: SeatRequest, change: Change) -> State:
    """Return the seats with those of the change in other hands."""
    taken, freed = set(change.taken), set(change.freed)
    return tuple(
        Seat(seat.number, str(request.holder), request.customer_id)
        if seat.number in taken
        else Seat(seat.number)
        if seat.number in freed
        else seat
        for seat in state
    )


def fresh(requests: Sequence[SeatRequest]) -> State:
    """Return the seats of all requests as a reset leaves them."""
    return tuple(Seat(seat) for seat in sorted({s for one in requests for s in one.touched}))
