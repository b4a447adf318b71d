"""Customers that book and cancel the same thing again and again, and record the answers."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from booking_lab.conformance.waiting import eventually
from booking_lab.crowd.client import Customer


class ContinuousLoad:
    """Customers that book and cancel until the block ends.

    Attributes:
        stands: whether the last answer on a booking was its confirmation (true) or its
            cancellation (false), by its id.
        unknown: the ids of bookings whose cancellation had no answer.
        statuses: all statuses of answers.
        cut_off: the number of connections that ended before the answer.
        worker: the worker of the last confirmed booking.

    Args:
        url: the address of the lab.
        bodies: the body of a booking for each customer.
    """

    def __init__(self, url: str, bodies: Sequence[dict[str, Any]]) -> None:
        self.stands: dict[str, bool] = {}
        self.unknown: set[str] = set()
        self.statuses: set[int] = set()
        self.cut_off = 0
        self.worker = ""
        self._confirmed = 0
        self._url = url
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._bodies = bodies

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run all customers for the block."""
        with ThreadPoolExecutor(len(self._bodies)) as threads:
            customers = [threads.submit(self._customer, body) for body in self._bodies]
            try:
                yield
            finally:
                self._stop.set()
        for customer in customers:
            customer.result()

    def until(self, more: int) -> None:
        """Wait for ``more`` further confirmed bookings."""
        goal = self._confirmed + more
        eventually(lambda: self._confirmed >= goal, f"{more} more bookings")

    def _customer(self, body: dict[str, Any]) -> None:
        # A booking of the first customer may exist already, from a worker that was killed.
        client, booked, cut_off = Customer(self._url), "", True
        while not self._stop.is_set():
            try:
                if booked:
                    booked = "" if self._cancel(client, booked, body["strategy"]) else booked
                else:
                    # The COMMIT of a killed worker may still be under way: ask until it shows.
                    booked = self._held(client, body) if cut_off else ""
                    booked = booked or self._book(client, body)
            except (OSError, http.client.HTTPException):
                # The worker was killed; a new connection reaches another one.
                with self._lock:
                    self.cut_off += 1
                    self.unknown |= {booked} - {""}
                booked, cut_off = "", True
                client.close()
                client = Customer(self._url)
        client.close()

    def _held(self, client: Customer, body: dict[str, Any]) -> str:
        """Return the id of a confirmed booking whose answer was lost; empty: there is none."""
        asked = {"kind": body["kind"], "customer_id": body["customer_id"], "status": "confirmed"}
        for booking in client.get(f"/api/bookings?{urlencode(asked)}")["bookings"]:
            return str(booking["id"])
        return ""

    def _book(self, client: Customer, body: dict[str, Any]) -> str:
        """Book, and return the id of the booking; empty: it is not confirmed."""
        status, answer = client.call("POST", "/api/bookings", body)
        with self._lock:
            self.statuses.add(status)
            if status != 201:
                return ""
            self._confirmed += 1
            self.worker = answer["worker"]
            self.stands[answer["id"]] = True
            return str(answer["id"])

    def _cancel(self, client: Customer, booking: str, strategy: str) -> bool:
        """Cancel, and return whether the booking needs no further cancellation."""
        status, answer = client.call("DELETE", f"/api/bookings/{booking}?strategy={strategy}")
        with self._lock:
            self.statuses.add(status)
            if status == 200:
                self.stands[booking] = False
            if answer.get("outcome") == "unknown":
                self.unknown.add(booking)
            return status == 200 or answer.get("outcome") in {"refused", "unknown"}
