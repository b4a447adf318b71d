"""Histories of seats, written by hand in the format that the lab records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from booking_lab.checker.history_checker import HistoryChecker
from booking_lab.checker.history_reader import HistoryReader
from booking_lab.checker.verdict import Report
from booking_lab.workloads import Workloads

TYPES = {"confirmed": "ok", "unknown": "info"}
MS = 1_000_000


class Written:
    """A file that a history is written into; times in milliseconds."""

    def __init__(self, file: Path, *, fresh: bool = True) -> None:
        self.file = file
        known = {"seats": {"1": {"1": 100}}, "tickets": {"1": {"1": 10}}} if fresh else {}
        self.header(fresh=known)

    def header(self, **changes: Any) -> None:
        usual = {"format": 1, "clock": "boot", "worker": "1/1", "time": -1, "database": "d"}
        self.line(type="header", at="2026-11-21T00:00:00+00:00", **usual | changes)

    def line(self, **event: Any) -> None:
        with self.file.open("a") as file:
            file.write(json.dumps(event) + "\n")

    def book(
        self,
        seats: str | Sequence[str],
        begin: float,
        end: float | None,
        outcome: str = "confirmed",
        *,
        customer: str = "",
        **request: Any,
    ) -> UUID:
        """A booking, or whatever ``request`` makes of it; without an end it isn't answered."""
        seats = [seats] if isinstance(seats, str) else list(seats)
        action = request.pop("f", "book")
        return self._ask(
            "seats", begin, end, outcome, action, customer, {"seats": seats, **request}
        )

    def tickets(
        self, quantity: int, begin: float, end: float | None, outcome: str = "confirmed"
    ) -> UUID:
        return self._ask("tickets", begin, end, outcome, "book", "", {"quantity": quantity})

    def _ask(
        self, workload: str, begin: float, end: float | None, outcome: str, action: str,
        customer: str, wish: dict[str, Any],
    ) -> UUID:  # fmt: skip
        identity = uuid4()
        customer = customer or f"c{str(identity)[:4]}"
        self.line(
            type="invoke", process=str(identity), f=action, workload=workload, scope="1",
            anchors=[], strategy="none", worker="1/1", time=int(begin * MS),
            value={"id": str(identity), "customer_id": customer, "event_id": 1, **wish},
        )  # fmt: skip
        if end is not None:
            self.answer(identity, end, outcome)
        return identity

    def cancel(
        self, booking: UUID, seats: str, begin: float, end: float, outcome: str = "confirmed"
    ) -> UUID:
        change = {"given_back": [seats], "replaces": str(booking), "f": "cancel"}
        return self.book([], begin, end, outcome, **change)

    def answer(self, process: UUID, end: float, outcome: str, **more: Any) -> None:
        refused = outcome == "refused"
        self.line(
            type=TYPES.get(outcome, "fail"), process=str(process), f="book", outcome=outcome,
            code="seat_taken" if refused else "", booking_id=7 if outcome == "confirmed" else None,
            message="The seat is booked already." if refused else "", tries=1, worker="1/1",
            time=int(end * MS), **more,
        )  # fmt: skip

    def reset(
        self, begin: float, end: float | None, kind: str = "ok", workload: str = "seats"
    ) -> None:
        common = {"process": str(uuid4()), "f": "reset", "worker": "1/1"}
        self.line(
            type="invoke", workload=workload, scope="1", anchors=[], time=int(begin * MS), **common
        )
        if end is not None:
            left = {"1": 100} if kind == "ok" else None
            self.line(type=kind, value=left, time=int(end * MS), **common)

    def judged(self, workloads: Any = None, **options: Any) -> Report:
        workloads = workloads or Workloads()
        return HistoryChecker(
            HistoryReader(self.file, workloads).read(), workloads, **options
        ).run()
