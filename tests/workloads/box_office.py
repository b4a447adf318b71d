"""Sells tickets for the tests: books, races, resets and looks at the books."""

from dataclasses import replace

from booking_lab.core.booking import Booking
from booking_lab.core.capability import Capability, capabilities_of
from booking_lab.core.lab_workload import Finding
from booking_lab.core.strategy import Anomaly
from booking_lab.core.workload import Row
from booking_lab.runtime import race
from booking_lab.runtime.engine import BookingContext
from booking_lab.runtime.lab import Lab
from booking_lab.runtime.reset import reset
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads.tickets import TicketRequest, Tickets
from tests.workloads.connections import lent

TICKETS = Tickets()
TRACE = "0" * 31 + "1"

_THERE = capabilities_of(TICKETS) | {Capability.REDIS, Capability.QUORUM}
_ENTRIES = [one for one in Registry([SHIPPED]).entries() if one.strategy_class.needs <= _THERE]
#: The strategies that can book tickets.
STRATEGIES = [entry.name for entry in _ENTRIES]
#: Those that oversell among the threads of one process, where a lock in memory holds.
UNSAFE = {
    entry.name for entry in _ENTRIES if Anomaly.OVERSELL in entry.strategy_class.allows
} - {"mutex"}  # fmt: skip


def asks(quantity: int = 1, customer: str = "alice@example.com", event: int = 1) -> TicketRequest:
    """A new booking."""
    return TicketRequest(event_id=event, quantity=quantity, customer_id=customer)


def crowd(many: int, quantity: int = 1) -> list[TicketRequest]:
    """New bookings of different customers."""
    return [asks(quantity, f"{number}@example.com") for number in range(many)]


class BoxOffice:
    """The tickets of a lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def wish(self, strategy: str) -> BookingContext:
        """Book under ``strategy``; those that try again, or wait, don't give up."""
        entry = self.lab.registry.get(strategy)
        patient = {"attempts": 1000, "wait": 60.0}
        there = {option["name"] for option in entry.options} & patient.keys()
        return BookingContext(TRACE, (entry, entry.create({name: patient[name] for name in there})))

    def book(self, request: TicketRequest, strategy: str = "pessimistic") -> Booking:
        return self.lab.engine.book(TICKETS, request, self.wish(strategy))

    def race(self, requests: list[TicketRequest], strategy: str) -> race.RaceResult:
        wish = self.wish(strategy)
        return race.run(self.lab.engine, self.lab.connector, TICKETS, requests, wish)

    def changing(self, booking: Booking, quantity: int | None) -> TicketRequest:
        """A booking's move, or its cancellation."""
        changes = None if quantity is None else {"quantity": quantity}
        with lent(self.lab) as session:
            return TICKETS.changing(session, booking.request.id, changes)

    def begun(self, request: TicketRequest) -> TicketRequest:
        """The request as a booking that begins now has it."""
        [(generation,)] = self.ask("SELECT generation FROM lab")
        return replace(request, generation=generation)

    def start_over(self) -> None:
        with lent(self.lab) as session:
            scopes = list(TICKETS.available(session))
        for scope in scopes:
            self.reset(scope)

    def reset(self, scope: str = "1") -> int:
        with lent(self.lab) as session:
            return reset(session, TICKETS, scope, self.lab.history)

    def left(self, scope: str = "1") -> int:
        with lent(self.lab) as session:
            return TICKETS.available(session)[scope]

    def findings(self) -> list[Finding]:
        with lent(self.lab) as session:
            self.lab.ledger.flush(session)
            return list(TICKETS.findings(session))

    def anomalies(self) -> set[str]:
        return {str(finding.anomaly) for finding in self.findings()}

    def ask(self, query: str) -> list[Row]:
        with lent(self.lab) as session:
            return session.execute(query)

    def somebody_waits(self) -> bool:
        """Whether a session waits for another one's lock."""
        return bool(self.ask(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
            "AND cardinality(pg_blocking_pids(pid)) > 0"
        ))  # fmt: skip
