"""The targets of the benchmark's requests: many seats, one seat, one counter."""

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
    """The target of the clients' requests.

    Attributes:
        name: the name in the tables.
        kind: ``seats``: a seat that is drawn at random; ``tickets``: one ticket; ``health``:
            ``GET /health``.
        id: the id of the event.
        many: the number of things.
        seed: the script that creates the event.
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
    """Add the events of all targets to the lab's database."""
    # These statements may take long; nothing waits for them.
    with Connector(database_url, statement_timeout=120).session() as session:
        for target in (UNIFORM, HOT, COUNTER):
            session.execute(target.seed, {"id": target.id, "many": target.many})
        session.execute("VACUUM ANALYZE seats")
