"""A dental clinic for the tests: books times, races, resets and looks at the books."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from booking_lab.core.booking import Booking
from booking_lab.core.capability import Capability, capabilities_of
from booking_lab.core.lab_workload import Finding
from booking_lab.core.observer import Observer
from booking_lab.core.strategy import Anomaly
from booking_lab.core.workload import Row
from booking_lab.db.session import PostgresSession
from booking_lab.runtime import race
from booking_lab.runtime.engine import BookingContext
from booking_lab.runtime.lab import Lab
from booking_lab.runtime.reset import reset
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads.slots import Product, SlotRequest, Slots
from tests.workloads.connections import lent

SLOTS = Slots()
TRACE = "0" * 31 + "1"

_THERE = capabilities_of(SLOTS) | {Capability.REDIS, Capability.QUORUM}
_ENTRIES = [one for one in Registry([SHIPPED]).entries() if one.strategy_class.needs <= _THERE]
#: The strategies that can book slots.
STRATEGIES = [entry.name for entry in _ENTRIES]
#: Those that let times overlap among the threads of one process, where a lock in memory holds.
UNSAFE = {entry.name for entry in _ENTRIES if Anomaly.OVERLAP in entry.strategy_class.allows} - {
    "mutex"
}
SAFE = [name for name in STRATEGIES if name not in UNSAFE]

NINE = datetime.fromisoformat("2030-01-07T09:00:00+01:00")
TEN, ELEVEN = NINE + timedelta(hours=1), NINE + timedelta(hours=2)
KIT, BRUSH = Product(1), Product(2)

_DEADLINE = 20


def asks(**changes: Any) -> SlotRequest:
    """From nine to ten with resource 1 at branch 1 of tenant 1; or what is said instead."""
    asked = {
        "tenant_id": 1,
        "branch_id": 1,
        "resource_id": 1,
        "service_id": 1,
        "starts_at": NINE,
        "ends_at": TEN,
        "customer_id": "anna",
    }
    return SlotRequest(**{**asked, **changes})


def crowd(many: int, **changes: Any) -> list[SlotRequest]:
    """Customers whose times all overlap, no two the same."""
    return [
        asks(customer_id=f"customer_{n}", starts_at=at, ends_at=at + timedelta(hours=1), **changes)
        for n, at in ((n, NINE + timedelta(minutes=n)) for n in range(many))
    ]


class Clinic:
    """The slots of a lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.background = ThreadPoolExecutor(8)
        self._opened: list[Any] = []

    def wish(self, strategy: str) -> BookingContext:
        """Book under ``strategy``; those that try again, or wait, don't give up."""
        entry = self.lab.registry.get(strategy)
        patient = {"attempts": 1000, "wait": 60.0}
        there = {option["name"] for option in entry.options} & patient.keys()
        return BookingContext(TRACE, (entry, entry.create({name: patient[name] for name in there})))

    def book(self, request: SlotRequest, strategy: str = "pessimistic") -> Booking:
        return self.lab.engine.book(SLOTS, request, self.wish(strategy))

    def begin(self, request: SlotRequest, strategy: str, observer: Observer) -> Future[Booking]:
        """Book in the background, watched by ``observer``."""
        engine = self.lab.engine.derive(self.lab.bookings, [observer])
        return self.background.submit(engine.book, SLOTS, request, self.wish(strategy))

    def race(
        self, requests: Sequence[SlotRequest], strategy: str | BookingContext
    ) -> race.RaceResult:
        wish = self.wish(strategy) if isinstance(strategy, str) else strategy
        return race.run(self.lab.engine, self.lab.connector, SLOTS, requests, wish)

    def changing(self, booking: Booking, changes: Mapping[str, Any] | None) -> SlotRequest:
        """A booking's move, or its cancellation."""
        with lent(self.lab) as session:
            return SLOTS.changing(session, booking.request.holder, changes)

    def begun(self, request: SlotRequest) -> SlotRequest:
        """The request as a booking that begins now has it."""
        [(generation,)] = self.ask("SELECT generation FROM lab")
        return replace(request, generation=generation)

    def open_session(self) -> PostgresSession:
        """A connection that is closed after the test."""
        raw = self.lab.connector.connect()
        self._opened.append(raw)
        return PostgresSession(raw)

    def start_over(self) -> None:
        with lent(self.lab) as session:
            for scope in SLOTS.available(session):
                reset(session, SLOTS, scope, self.lab.history)

    def finish(self) -> None:
        for raw in self._opened:
            raw.close()
        self.background.shutdown()

    def reset(self, scope: str = "1") -> int:
        with lent(self.lab) as session:
            return reset(session, SLOTS, scope, self.lab.history)

    def stock(self, tenant: int = 1, branch: int = 1, product: int = 1) -> int:
        """The units left of a product at a branch."""
        [(stock,)] = self.ask(
            "SELECT stock FROM slot_product_branches WHERE (tenant_id, branch_id, product_id) = "
            f"({tenant}, {branch}, {product})"
        )
        return int(stock)

    def confirmed(self, tenant: int = 1) -> list[str]:
        """Who has a confirmed reservation."""
        rows = self.ask(
            f"SELECT customer_id FROM slot_reservations WHERE tenant_id = {tenant} "
            "AND status = 'confirmed' ORDER BY lower(during), id"
        )
        return [row[0] for row in rows]

    def findings(self) -> list[Finding]:
        with lent(self.lab) as session:
            self.lab.ledger.flush(session)
            return list(SLOTS.findings(session))

    def anomalies(self) -> set[str]:
        return {str(finding.anomaly) for finding in self.findings()}

    def violations(self) -> list[dict[str, Any]]:
        with lent(self.lab) as session:
            return list(SLOTS.violations(session))

    def ask(self, query: str) -> list[Row]:
        with lent(self.lab) as session:
            return session.execute(query)

    def somebody_waits(self) -> bool:
        """Whether a session waits for another one's lock."""
        return bool(
            self.ask(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
                "AND cardinality(pg_blocking_pids(pid)) > 0"
            )
        )

    def waiting(self, work: Callable[[], Any]) -> Future[Any]:
        """Do ``work`` in the background; return when it waits for somebody's lock."""
        done = self.background.submit(work)
        deadline = time.monotonic() + _DEADLINE
        while not self.somebody_waits():
            assert not done.done(), f"it waits for nobody: {done.exception() or done.result()}"
            assert time.monotonic() < deadline
        return done


def snapshot(folder: Path) -> BookingContext:
    """Isolation by snapshots, as the guide for strategies has it."""
    (folder / "snapshot.py").write_text(
        '"""Snapshot isolation."""\n'
        "from dataclasses import dataclass\n"
        "from booking_lab import Attempt, Strategy\n"
        "@dataclass(frozen=True)\n"
        "class Snapshot(Strategy):\n"
        "    def book(self, attempt: Attempt) -> None:\n"
        '        with attempt.transaction("REPEATABLE READ"):\n'
        "            change = attempt.decide(attempt.read())\n"
        "            attempt.write(change)\n"
    )
    entry = Registry([folder]).get("snapshot")
    return BookingContext(TRACE, (entry, entry.create({})))
