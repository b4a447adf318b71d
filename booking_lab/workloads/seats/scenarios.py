"""What bookers can contend for: one seat, or two seats in one basket."""

from __future__ import annotations

from collections.abc import Sequence

from booking_lab.core.lab_workload import Scenario
from booking_lab.workloads.seats.requests import SeatRequest

_EVENT = 1001
_SEED = f"""
INSERT INTO events (id, name, venue, event_date, total_seats)
VALUES ({_EVENT}, 'Two seats', 'The Critical Section', now(), 2) ON CONFLICT DO NOTHING;
INSERT INTO seats (event_id, seat_number, section, row_name)
SELECT {_EVENT}, 'S' || number, 'Pit', 'S' FROM generate_series(1, 2) AS number
ON CONFLICT DO NOTHING;
INSERT INTO resets (workload, scope) VALUES ('seats', '{_EVENT}') ON CONFLICT DO NOTHING;
"""


def scenarios(bookers: int) -> Sequence[Scenario]:
    """Return the scenarios for so many bookers."""
    one = ("S1",)
    # Every other booker names them the other way round.
    two = [("S1", "S2") if number % 2 == 0 else ("S2", "S1") for number in range(bookers)]
    return (
        _scenario("one seat", [one] * bookers),
        _scenario("basket", two),
    )


def _scenario(name: str, wishes: Sequence[tuple[str, ...]]) -> Scenario:
    requests = [
        SeatRequest(event_id=_EVENT, seats=seats, customer_id=chr(ord("A") + number))
        for number, seats in enumerate(wishes)
    ]
    return Scenario(name, _SEED, str(_EVENT), requests)
