"""What bookers can contend for: the last ticket, or the last two, which one booker wants both."""

from __future__ import annotations

from collections.abc import Sequence

from booking_lab.core.lab_workload import Scenario
from booking_lab.workloads.tickets.requests import TicketRequest

_SEED = """
INSERT INTO ticket_events (
    id, name, description, event_date, total_tickets, on_sale, available_tickets, ticket_price)
VALUES ({event_id}, '{name}', 'On sale', now(), {on_sale}, {on_sale}, {on_sale}, 49.90)
ON CONFLICT DO NOTHING;
INSERT INTO resets (workload, scope) VALUES ('tickets', '{event_id}') ON CONFLICT DO NOTHING;
"""


def scenarios(bookers: int) -> Sequence[Scenario]:
    """Return the scenarios for so many bookers."""
    return (
        _scenario(1001, "last ticket", 1, [1] * bookers),
        _scenario(1002, "last tickets", 2, [2] + [1] * (bookers - 1)),
    )


def _scenario(event_id: int, name: str, on_sale: int, quantities: Sequence[int]) -> Scenario:
    requests = [
        TicketRequest(event_id=event_id, quantity=quantity, customer_id=chr(ord("A") + number))
        for number, quantity in enumerate(quantities)
    ]
    seed = _SEED.format(event_id=event_id, name=name.capitalize(), on_sale=on_sale)
    return Scenario(name, seed, str(event_id), requests)
