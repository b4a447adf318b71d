"""Where the clients of a benchmark meet, or don't."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab.db.connector import Connector

_EVENT = """
INSERT INTO events (id, name, venue, event_date, total_seats)
VALUES (%(id)s, 'Benchmark', 'Everywhere', now(), %(many)s);
INSERT INTO seats (event_id, seat_number, section, row_name)
SELECT %(id)s, 'S' || number, 'Field', 'S' FROM generate_series(1, %(many)s) AS number;
INSERT INTO resets (workload, scope) VALUES ('seats', %(id)s::text);
"""
_COUNTER = """
INSERT INTO ticket_events (id, name, description, event_date, total_tickets, on_sale,
                           available_tickets, ticket_price)
VALUES (%(id)s, 'Benchmark', 'Everybody wants some', now(), %(many)s, %(many)s, %(many)s, 9.99);
INSERT INTO resets (workload, scope) VALUES ('tickets', %(id)s::text);
"""


@dataclass(frozen=True)
class Target:
    """What the clients ask for.

    Attributes:
        name: as it stands in the tables.
        kind: ``seats``: one seat, drawn at random; ``tickets``: one ticket; ``health``: nothing.
        id: the event.
        many: how many things there are.
        seed: the script that creates it.
    """

    name: str
    kind: str
    id: int = 0
    many: int = 0
    seed: str = ""


HEALTH = Target("GET /health", "health")
UNIFORM = Target("many seats", "seats", 2, 50_000, _EVENT)
HOT = Target("one hot seat", "seats", 3, 1, _EVENT)
COUNTER = Target("one hot counter", "tickets", 9, 1_000_000_000, _COUNTER)


def prepare(database_url: str) -> None:
    """Add the events to the lab's database."""
    # Nobody else waits for these statements, so they may take their time.
    with Connector(database_url, statement_timeout=120).session() as session:
        for place in (UNIFORM, HOT, COUNTER):
            session.execute(place.seed, {"id": place.id, "many": place.many})
        session.execute("VACUUM ANALYZE seats")
