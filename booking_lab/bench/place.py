"""Where the bookers of a benchmark meet, or don't."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab.db.pool import Connector

_SEATS = 50_000

_EVENT = """
INSERT INTO events (id, name, venue, event_date, total_seats)
VALUES (%(event_id)s, 'Benchmark', 'Everywhere', now(), %(seats)s);
INSERT INTO seats (event_id, seat_number, section, row_name)
SELECT %(event_id)s, 'S' || number, 'Field', 'S' FROM generate_series(1, %(seats)s) AS number;
INSERT INTO resets (workload, scope) VALUES ('seats', %(event_id)s::text);
"""


@dataclass(frozen=True)
class Place:
    """An event whose seats are S1, S2, ...; bookers draw one at random.

    Attributes:
        name: as it stands in the table.
        event_id: the event.
        seats: how many.
    """

    name: str
    event_id: int
    seats: int


UNIFORM = Place("many seats", 2, _SEATS)
HOT = Place("one hot seat", 3, 1)


def prepare(database_url: str) -> None:
    """Add the events to the lab's database."""
    # Nobody else waits for these statements, so they may take their time.
    with Connector(database_url, statement_timeout=120).session() as session:
        for place in (UNIFORM, HOT):
            session.execute(_EVENT, {"event_id": place.event_id, "seats": place.seats})
        session.execute("VACUUM ANALYZE seats")
