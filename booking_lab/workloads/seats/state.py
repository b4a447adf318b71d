"""What a booker sees of the seats, and what a booking makes of it: no database in here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from booking_lab.core.workload import Row
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


@dataclass(frozen=True)
class HeldSeats:
    """What a booking that shall be changed holds.

    Attributes:
        booking: its id.
        seats: its seats, in its order; empty once it is cancelled.
    """

    booking: str
    seats: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{'+'.join(self.seats) or 'nothing'} held"


State = tuple[Seat | HeldSeats, ...]


@dataclass(frozen=True)
class SeatChange:
    """Which seats become the customer's, and which are given up."""

    taken: tuple[str, ...]
    freed: tuple[str, ...] = ()

    def __str__(self) -> str:
        taken = [f"take {'+'.join(self.taken)}"] if self.taken else []
        freed = [f"free {'+'.join(self.freed)}"] if self.freed else []
        return ", ".join(taken + freed) or "nothing"


def state_of(rows: Iterable[Row], requests: Sequence[SeatRequest]) -> State:
    """Return what the rows of a reading say; rows without a number say what a booking holds."""
    held: dict[str, list[str]] = {booking: [] for booking in _replaced(requests)}
    seats = []
    for number, holder, text in rows:
        if number is None:
            held[holder].append(text)
        else:
            seats.append(Seat(number, holder, text))
    return (*seats, *(HeldSeats(booking, tuple(numbers)) for booking, numbers in held.items()))


def decide(state: State, request: SeatRequest) -> SeatChange:
    """Return what shall change.

    Raises:
        Taken: a seat is somebody else's.
        NotHeld: the booking to change isn't what it was.
    """
    if request.replaces:
        check_held(state, request)
    for seat in state:
        if isinstance(seat, Seat) and seat.holder and seat.number in request.new_seats:
            raise Taken(f"Seat {seat.number} is booked already.")
    return SeatChange(request.new_seats, request.released_seats)


def check_held(state: State, request: SeatRequest) -> None:
    """Check that the booking to change holds exactly what it gives back.

    Raises:
        NotHeld: it doesn't.
    """
    if HeldSeats(str(request.holder), request.given_back) not in state:
        raise NotHeld


def apply(state: State, request: SeatRequest, change: SeatChange) -> State:
    """Return the state with the change made."""
    return tuple(_after(one, request, change) for one in state)


def _after(one: Seat | HeldSeats, request: SeatRequest, change: SeatChange) -> Seat | HeldSeats:
    holder = str(request.holder)
    if isinstance(one, HeldSeats):
        return HeldSeats(holder, request.seats) if one.booking == holder else one
    if one.number in change.taken:
        return Seat(one.number, holder, request.customer_id)
    # Of two who have got it, the one without the seat gives up nothing.
    return Seat(one.number) if one.number in change.freed and one.holder == holder else one


def fresh(requests: Sequence[SeatRequest]) -> State:
    """Return the seats as a reset leaves them, and nothing held by who is changed later."""
    seats = sorted({seat for one in requests for seat in one.touched})
    return (*map(Seat, seats), *map(HeldSeats, _replaced(requests)))


def _replaced(requests: Sequence[SeatRequest]) -> Sequence[str]:
    return sorted({str(request.replaces) for request in requests if request.replaces})
