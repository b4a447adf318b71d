"""The scenarios of seats: single seats, baskets, the best seats, moves and cancellations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from booking_lab.core.scenario import Places, Scenario, booker_name, change_scenarios
from booking_lab.workloads.seats.requests import SeatRequest

_TWO, _MANY = 1001, 1002
#: Seats of the second event; bookers ask for fewer.
_SEATS = 12

_SEED = """
INSERT INTO events (id, name, venue, event_date, total_seats)
VALUES ({event}, '{seats} seats', 'The Critical Section', now(), {seats}) ON CONFLICT DO NOTHING;
INSERT INTO seats (event_id, seat_number, section, row_name)
SELECT {event}, 'S' || number, 'Pit', 'S' FROM generate_series(1, {seats}) AS number
ON CONFLICT DO NOTHING;
INSERT INTO resets (workload, scope) VALUES ('seats', '{event}') ON CONFLICT DO NOTHING;
"""


def scenarios(bookers: int) -> Sequence[Scenario]:
    """Return the scenarios for so many bookers."""
    everybody = range(bookers)
    one, both = {"seats": ("S1",)}, ("S1", "S2")
    # Every other booker names them in reverse order.
    two = [{"seats": both if number % 2 == 0 else both[::-1]} for number in everybody]
    # The last seat of each booker is the first seat of the next one.
    chain = [tuple(f"S{2 * number + n}" for n in (1, 2, 3)) for number in everybody]
    # All share the middle one; every other booker names them in reverse order.
    half = max(bookers, 5)
    middle = [(f"S{n + 1}", f"S{half + 1}", f"S{half + 2 + n}") for n in everybody]
    crossed = [{"seats": three[::-1] if n % 2 == 0 else three} for n, three in enumerate(middle)]
    return (
        _scenario("one seat", _TWO, [one] * bookers),
        _scenario("basket", _TWO, two),
        _scenario("baskets shared in part", _MANY, [{"seats": three} for three in chain]),
        _scenario("baskets shared in part, crossed", _MANY, crossed),
        _scenario("different seats", _MANY, [{"seats": (f"S{n + 1}",)} for n in everybody]),
        _scenario("best", _TWO, [{"best": 1}] * bookers),
        _scenario("best beside named", _TWO, [{"best": 1}, *[one] * (bookers - 1)]),
        *change_scenarios(_seed(_MANY), str(_MANY), _places(), bookers),
    )


def _places() -> Places:
    """Return places: a booking of two seats moves to three others, or replaces one of the two."""

    def seats(*names: str) -> SeatRequest:
        return _request(_MANY, 0, seats=names)

    held, to, other = seats("S1", "S2"), seats("S3", "S4", "S5"), seats("S2", "S6")
    one, two = seats("S1"), seats("S2")
    return Places(
        held, to, other, seats("S4"), freed=one, pair=(one, two), rivals=(one, two, seats("S3"))
    )


def _scenario(name: str, event: int, wishes: Sequence[dict[str, Any]]) -> Scenario:
    requests = [_request(event, number, **wish) for number, wish in enumerate(wishes)]
    return Scenario(name, _seed(event), str(event), requests)


def _request(event: int, number: int, **wish: Any) -> SeatRequest:
    return SeatRequest(event_id=event, customer_id=booker_name(number), **wish)


def _seed(event: int) -> str:
    return _SEED.format(event=event, seats=2 if event == _TWO else _SEATS)
