"""Something to book for each strategy and workload, that customers of no other strategy want."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from booking_lab.db.connector import Connector

#: All that are safe whatever goes wrong, and differ in how; the broken ones are for elsewhere.
STRATEGIES = (
    "pessimistic", "optimistic", "serializable", "advisory", "atomic", "constraint", "queue",
    "fenced", "reserve",
)  # fmt: skip
_FIRST = 2001
_SEATS = 8
_SEED = """
INSERT INTO events (id, name, venue, event_date, total_seats)
VALUES ({id}, 'Faults', 'Here', now(), {seats});
INSERT INTO seats (event_id, seat_number, section, row_name)
SELECT {id}, 'S' || number, 'Pit', 'S' FROM generate_series(1, {seats}) AS number;
INSERT INTO ticket_events (id, name, description, event_date, total_tickets, on_sale,
    available_tickets, ticket_price)
VALUES ({id}, 'Faults', 'Here', now(), 12, 12, 12, 10);
INSERT INTO slot_tenants (tenant_id, name) VALUES ({id}, 'Faults');
INSERT INTO slot_branches (tenant_id, branch_id, name, time_zone) VALUES ({id}, 1, 'Only', 'UTC');
INSERT INTO slot_services (tenant_id, service_id, name, price) VALUES ({id}, 1, 'Any', 80);
INSERT INTO slot_resources (tenant_id, resource_id, name)
SELECT {id}, number, 'Dr ' || number FROM generate_series(1, 2) AS number;
INSERT INTO slot_resource_branches (tenant_id, resource_id, branch_id)
SELECT {id}, number, 1 FROM generate_series(1, 2) AS number;
INSERT INTO resets (workload, scope)
SELECT workload, '{id}' FROM unnest(ARRAY['seats', 'tickets', 'slots']) AS workload
"""


@dataclass(frozen=True)
class Place:
    """What customers of one strategy contend for.

    Attributes:
        strategy: under which they book, move and cancel.
        kind: what they book.
        scope: the event or tenant that is theirs alone.
    """

    strategy: str
    kind: str
    scope: int

    def booking(self, chance: random.Random) -> dict[str, Any]:
        """Return the body of a booking of something."""
        body = {"kind": self.kind, "customer_id": f"c{chance.randrange(10**9)}"}
        return {**body, "strategy": self.strategy, **self._whose(), **self._thing(chance)}

    def change(self, chance: random.Random) -> dict[str, Any]:
        """Return the body of a move to something."""
        return {"strategy": self.strategy, **self._thing(chance)}

    def _whose(self) -> dict[str, Any]:
        if self.kind != "slots":
            return {"event_id": self.scope}
        return {"tenant_id": self.scope, "branch_id": 1, "service_id": 1}

    def _thing(self, chance: random.Random) -> dict[str, Any]:
        if self.kind == "tickets":
            return {"quantity": chance.randint(1, 3)}
        if self.kind == "seats":
            numbers = chance.sample(range(1, _SEATS + 1), chance.randint(1, 2))
            return {"seats": [f"S{number}" for number in numbers]}
        hour = chance.randint(9, 12)
        return {
            "resource_id": chance.randint(1, 2),
            "starts_at": f"2031-01-07T{hour:02}:{chance.choice(('00', '30'))}:00Z",
            "ends_at": f"2031-01-07T{hour + 1:02}:30:00Z",
        }


def make(database_url: str, kinds: Sequence[str], strategies: Sequence[str]) -> list[Place]:
    """Make a place for each strategy on each kind of booking."""
    places = []
    with Connector(database_url).session() as session:
        for scope, strategy in enumerate(strategies, _FIRST):
            session.execute(_SEED.format(id=scope, seats=_SEATS))
            places += [Place(strategy, kind, scope) for kind in kinds]
    return places
