"""The scenarios of tickets: the last tickets of an event, moves and cancellations."""

from __future__ import annotations

from collections.abc import Sequence

from booking_lab.core.scenario import Places, Scenario, booker_name, change_scenarios
from booking_lab.workloads.tickets.requests import TicketRequest

#: The id of the event with one ticket on sale; the event with two has the next id, and so on.
_FIRST = 1001
#: The id of the first of the events of which each booker has its own.
_OWN = 2001

_SEED = """
INSERT INTO ticket_events (
    id, name, description, event_date, total_tickets, on_sale, available_tickets, ticket_price)
VALUES ({event}, '{on_sale} tickets', 'On sale', now(), {on_sale}, {on_sale}, {on_sale}, 49.90)
ON CONFLICT DO NOTHING;
INSERT INTO resets (workload, scope) VALUES ('tickets', '{event}') ON CONFLICT DO NOTHING;
"""


def scenarios(bookers: int) -> Sequence[Scenario]:
    """Return the scenarios for so many bookers."""
    found = [
        _scenario("last ticket", 1, [1] * bookers),
        _scenario("last tickets", 2, [2] + [1] * (bookers - 1)),
        _scenario("enough for all", bookers, [1] * bookers),
        # The first is refused, and others in the same batch are not.
        _scenario("more than there are", 1, [2] + [1] * (bookers - 1)),
        _apart(bookers),
        *_changes(bookers),
    ]
    # With two bookers, this would be the scenario of the last ticket.
    fewer = _scenario("one too few", max(1, bookers - 1), [1] * bookers)
    return [*found[:4], fewer, *found[4:]] if bookers > 2 else found


def _scenario(name: str, on_sale: int, quantities: Sequence[int]) -> Scenario:
    event = _FIRST + on_sale - 1
    requests = [_request(event, many, number) for number, many in enumerate(quantities)]
    return Scenario(name, _seed(event, on_sale), str(event), requests)


def _apart(bookers: int) -> Scenario:
    requests = [_request(_OWN + number, 1, number) for number in range(bookers)]
    seed = "".join(_seed(request.event_id, 1) for request in requests)
    return Scenario("different events", seed, str(_OWN), requests)


def _changes(bookers: int) -> Sequence[Scenario]:
    """Return scenarios with three tickets: a booking of two takes the last one, or returns one."""
    event = _FIRST + 2
    one, two, three = (_request(event, many) for many in (1, 2, 3))
    # A booking that returns a ticket and one that takes a ticket never conflict.
    places = Places(two, three, one, wanted=one, freed=one, pair=(one, two), rivals=(one, one, two))
    return change_scenarios(_seed(event, 3), str(event), places, bookers)


def _request(event: int, quantity: int, number: int = 0) -> TicketRequest:
    return TicketRequest(event_id=event, quantity=quantity, customer_id=booker_name(number))


def _seed(event: int, on_sale: int) -> str:
    return _SEED.format(event=event, on_sale=on_sale)
