"""Crowds against a running lab, and the accounts that must agree afterwards."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2

from booking_lab.conformance.waiting import eventually
from booking_lab.crowd.client import Customer

_DEADLINE = 30


def switch(url, strategy, options=None, think_time_ms=None):
    """Switch, reset, and return the switch's answer."""
    with Customer(url) as admin:
        if think_time_ms is not None:
            admin.post("/admin/think-time", {"think_time_ms": think_time_ms})
        answer = admin.post("/admin/strategy", {"strategy": strategy, "options": options or {}})
        admin.post("/admin/reset?event_id=1")
        return answer


class Load:
    """Customers who book until they are stopped, and remember what they were told."""

    def __init__(self, url: str, customers: int = 8) -> None:
        self.confirmed: list[tuple[str, str]] = []
        self.statuses: dict[int, int] = {}
        self.cut_off = 0
        self._url = url
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._customer, args=(number,)) for number in range(customers)
        ]

    @contextmanager
    def running(self) -> Iterator[Load]:
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join(_DEADLINE)

    def until(self, answers: int) -> None:
        """Wait for so many more confirmations."""
        goal = len(self.confirmed) + answers
        eventually(lambda: len(self.confirmed) >= goal, within=_DEADLINE)

    def _customer(self, number: int) -> None:
        turn = 0
        client = Customer(self._url)
        while not self._stop.is_set():
            turn += 1
            seat, name = f"S{number % 4}-{turn}", f"c{number}-{turn}"
            body = {"event_id": 1, "seat_number": seat, "customer_id": name}
            try:
                status, answer = client.call("POST", "/book", body)
            except (OSError, http.client.HTTPException):
                # The worker died under it; a new connection finds another.
                with self._lock:
                    self.cut_off += 1
                client.close()
                client = Customer(self._url)
                continue
            with self._lock:
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if status == 201:
                    self.confirmed.append((answer["seat_number"], answer["customer_id"]))
            assert status in {201, 409, 503}, answer
            assert "trace_id" in answer
        client.close()


def add_seats(database_url: str, many: int = 5000) -> None:
    """Seats for a load; every one is wanted by two of its customers."""
    with psycopg2.connect(database_url) as connection:
        connection.cursor().execute(
            "INSERT INTO seats (event_id, seat_number, section, row_name) "
            "SELECT 1, format('S%%s-%%s', side, turn), 'Field', 'S' "
            "FROM generate_series(0, 3) AS side, generate_series(1, %s) AS turn "
            "ON CONFLICT DO NOTHING",
            (many,),
        )
    connection.close()


def all_seats(admin: Customer) -> Iterator[dict[str, Any]]:
    """Yield the seats of event 1, a page after the other."""
    more: str | None = ""
    while more is not None:
        page = admin.get(f"/events/1/seats?limit=1000{more and f'&cursor={more}'}")
        yield from page["seats"]
        more = page["next"]


def accounts_agree(url: str, load: Load) -> None:
    """Nothing confirmed is lost, nothing is booked twice, and the ledger says what was said."""
    with Customer(url) as admin:
        assert admin.get("/admin/double-bookings")["count"] == 0
        audit = admin.get("/admin/audit")
        assert audit["consistent"], audit["findings"][:5]
        seats = list(all_seats(admin))
    booked = {(seat["seat_number"], seat["booked_by"]) for seat in seats if seat["is_booked"]}
    assert set(load.confirmed) <= booked
    # A customer that was cut off may have been booked without having been told.
    assert len(booked) - len(load.confirmed) <= load.cut_off + load.statuses.get(503, 0)
