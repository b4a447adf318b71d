"""The state of seats, and the pure functions that decide and apply a booking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from booking_lab.core.workload import Row
from booking_lab.errors import NotHeld, Taken
from booking_lab.workloads.seats.requests import SeatRequest


@dataclass(frozen=True)
class Seat:
    """The state of a seat.

    Attributes:
        number: the seat's number.
        holder: the id of the booking that holds it; none if it is free.
        booked_by: the customer of that booking.
    """

    number: str
    holder: str | None = None
    booked_by: str | None = None

    def __str__(self) -> str:
        return f"{self.number} {f'booked by {self.booked_by}' if self.holder else 'free'}"


@dataclass(frozen=True)
class HeldSeats:
    """The seats of a booking to change.

    Attributes:
        booking: the id of the booking.
        seats: its seats in the booking's order; empty after a cancellation.
    """

    booking: str
    seats: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{'+'.join(self.seats) or 'nothing'} held"


State = tuple[Seat | HeldSeats, ...]


@dataclass(frozen=True)
class SeatChange:
    """The seats that a customer takes, and those that are given up."""

    taken: tuple[str, ...]
    freed: tuple[str, ...] = ()

    def __str__(self) -> str:
        taken = [f"take {'+'.join(self.taken)}"] if self.taken else []
        freed = [f"free {'+'.join(self.freed)}"] if self.freed else []
        return ", ".join(taken + freed) or "nothing"


def state_of(rows: Iterable[Row], requests: Sequence[SeatRequest]) -> State:
    """Return the state from rows; a row without a number is a seat of a booking to change."""
    held: dict[str, list[str]] = {booking: [] for booking in _replaced(requests)}
    seats = []
    for number, holder, text in rows:
        if number is None:
            held[holder].append(text)
        else:
            seats.append(Seat(number, holder, text))
    return (*seats, *(HeldSeats(booking, tuple(numbers)) for booking, numbers in held.items()))


def decide(state: State, request: SeatRequest) -> SeatChange:
    """Return the change that ``request`` makes.

    Raises:
        Taken: another booking has a seat.
        NotHeld: the booking to change has changed since.
    """
    if request.replaces:
        check_held(state, request)
    for seat in state:
        if isinstance(seat, Seat) and seat.holder and seat.number in request.new_seats:
            raise Taken(f"Seat {seat.number} is booked already.")
    return SeatChange(request.new_seats, request.released_seats)


def check_held(state: State, request: SeatRequest) -> None:
    """Check that the booking to change holds exactly the seats that the request gives back.

    Raises:
        NotHeld: it holds others.
    """
    if HeldSeats(str(request.holder), request.given_back) not in state:
        raise NotHeld


def apply(state: State, request: SeatRequest, change: SeatChange) -> State:
    """Return the state after ``change``."""
    return tuple(_after(one, request, change) for one in state)


def _after(one: Seat | HeldSeats, request: SeatRequest, change: SeatChange) -> Seat | HeldSeats:
    holder = str(request.holder)
    if isinstance(one, HeldSeats):
        return HeldSeats(holder, request.seats) if one.booking == holder else one
    if one.number in change.taken:
        return Seat(one.number, holder, request.customer_id)
    # If two bookings got one seat, only the booking that the seat names can free it.
    return Seat(one.number) if one.number in change.freed and one.holder == holder else one


def fresh(requests: Sequence[SeatRequest]) -> State:
    """Return the seats after a reset; bookings that are changed later hold nothing yet."""
    seats = sorted({seat for one in requests for seat in one.touched})
    return (*map(Seat, seats), *map(HeldSeats, _replaced(requests)))


def _replaced(requests: Sequence[SeatRequest]) -> Sequence[str]:
    return sorted({str(request.replaces) for request in requests if request.replaces})
