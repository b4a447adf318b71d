"""Where the bookers of a benchmark meet, or don't."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.workload import Request
from booking_lab.db.connector import Connector
from booking_lab.workloads.seats import SeatRequest, Seats
from booking_lab.workloads.seats import statements as of_seats
from booking_lab.workloads.tickets import TicketRequest, Tickets

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
class Place(ABC):
    """An event, of which bookers want some thing each time.

    Attributes:
        name: as it stands in the table.
        id: the event.
        many: how many things there are.
        workload: what is booked there.
        path: where the service takes bookings of it.
        seed: the script that creates it.
    """

    name: str
    id: int
    many: int

    workload: ClassVar[LabWorkload]
    path: ClassVar[str]
    seed: ClassVar[str]

    @abstractmethod
    def body(self, chance: random.Random, customer: str) -> dict[str, Any]:
        """Return what a customer sends to ``path`` to book some thing."""

    @abstractmethod
    def request(self, chance: random.Random, customer: str) -> Request:
        """Return the same as a request."""

    @property
    @abstractmethod
    def in_pgbench(self) -> Mapping[str, str]:
        """What stands for the statements' parameters in pgbench; ``:thing`` is a number drawn."""

    def wanted(self, statement: str) -> str:
        """Return a statement that returns whether the thing can be had, as ``free``, or nothing."""
        del statement
        return ""


class SeatsPlace(Place):
    """Seats S1, S2, ...; bookers draw one at random."""

    workload = Seats()
    path = "/book"
    seed = _EVENT

    def body(self, chance: random.Random, customer: str) -> dict[str, Any]:
        """One seat."""
        seat = f"S{chance.randint(1, self.many)}"
        return {"event_id": self.id, "seat_number": seat, "customer_id": customer}

    def request(self, chance: random.Random, customer: str) -> Request:
        """One seat."""
        seat = f"S{chance.randint(1, self.many)}"
        return SeatRequest(event_id=self.id, seats=(seat,), customer_id=customer)

    @property
    def in_pgbench(self) -> Mapping[str, str]:
        """The seat of a number."""
        seat = "('S' || :thing)"
        return {
            "event_id": str(self.id),
            "seat_number": seat,
            "seats": f"ARRAY[{seat}]",
            "touched": f"ARRAY[{seat}]",
            "given_back": "ARRAY[]::text[]",
            "many": "1",
            "name": f"('seats:{self.id}:' || {seat})",
            "bookings": (
                f"jsonb_build_array(jsonb_build_object('holder', gen_random_uuid(), 'event_id', "
                f"{self.id}, 'seat_number', {seat}, 'basket', jsonb_build_array({seat}), "
                f"'customer_id', 'pgbench', 'generation', 1000000000))"
            ),
        }

    def wanted(self, statement: str) -> str:
        """The reading of the state, and the write that checks for itself."""
        if statement.strip() == of_seats.READ.strip():
            return f"SELECT (holder IS NULL)::integer AS free FROM ({statement}) AS state"
        if statement.strip() == of_seats.write_one(if_allowed=True).strip():
            return f"{statement.rpartition('SELECT')[0]} SELECT count(*) AS free FROM booking"
        return ""


class CounterPlace(Place):
    """One counter of tickets that don't run out; bookers want one each."""

    workload = Tickets()
    path = "/api/bookings"
    seed = _COUNTER

    def body(self, chance: random.Random, customer: str) -> dict[str, Any]:
        """One ticket."""
        del chance
        return {"kind": "tickets", "event_id": self.id, "quantity": 1, "customer_id": customer}

    def request(self, chance: random.Random, customer: str) -> Request:
        """One ticket."""
        del chance
        return TicketRequest(event_id=self.id, quantity=1, customer_id=customer)

    @property
    def in_pgbench(self) -> Mapping[str, str]:
        """The one counter."""
        return {
            "event_id": str(self.id),
            "id": str(self.id),
            "events": f"ARRAY[{self.id}]",
            "quantity": "1",
            "given_back": "0",
            "taken": "1",
            "name": f"'ticket_events:{self.id}'",
            "bookings": (
                "json_build_array(json_build_object('holder', gen_random_uuid(), "
                "'customer_id', 'pgbench', 'quantity', 1))"
            ),
        }


UNIFORM = SeatsPlace("many seats", 2, 50_000)
HOT = SeatsPlace("one hot seat", 3, 1)
COUNTER = CounterPlace("one hot counter", 9, 1_000_000_000)


def prepare(database_url: str) -> None:
    """Add the events to the lab's database."""
    # Nobody else waits for these statements, so they may take their time.
    with Connector(database_url, statement_timeout=120).session() as session:
        for place in (UNIFORM, HOT, COUNTER):
            session.execute(place.seed, {"id": place.id, "many": place.many})
        session.execute("VACUUM ANALYZE seats")
