"""Customers who book and cancel the same thing over and over, and remember what they were told."""

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
    """Bookings and cancellations under way all the time, until the block ends.

    Attributes:
        stands: by booking id, whether it was confirmed (true) or its cancellation was (false).
        unknown: ids of bookings whose cancellation was never answered.
        statuses: every status that was answered.
        cut_off: how often the connection ended before the answer.
        worker: the worker that confirmed a booking last.
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
        """Let them book for the block."""
        with ThreadPoolExecutor(len(self._bodies)) as threads:
            customers = [threads.submit(self._customer, body) for body in self._bodies]
            try:
                yield
            finally:
                self._stop.set()
        for customer in customers:
            customer.result()

    def until(self, more: int) -> None:
        """Wait for so many more confirmed bookings."""
        goal = self._confirmed + more
        eventually(lambda: self._confirmed >= goal, f"{more} more bookings")

    def _customer(self, body: dict[str, Any]) -> None:
        # Somebody may have been killed before this began, as the first of these customers.
        client, booked, cut_off = Customer(self._url), "", True
        while not self._stop.is_set():
            try:
                if booked:
                    booked = "" if self._cancel(client, booked, body["strategy"]) else booked
                else:
                    # A COMMIT that the dead has sent may still be on its way: ask until it shows.
                    booked = self._held(client, body) if cut_off else ""
                    booked = booked or self._book(client, body)
            except (OSError, http.client.HTTPException):
                # The worker died under it; a new connection finds another.
                with self._lock:
                    self.cut_off += 1
                    self.unknown |= {booked} - {""}
                booked, cut_off = "", True
                client.close()
                client = Customer(self._url)
        client.close()

    def _held(self, client: Customer, body: dict[str, Any]) -> str:
        """Return the id of a booking that stands without its customer having been told."""
        asked = {"kind": body["kind"], "customer_id": body["customer_id"], "status": "confirmed"}
        for booking in client.get(f"/api/bookings?{urlencode(asked)}")["bookings"]:
            return str(booking["id"])
        return ""

    def _book(self, client: Customer, body: dict[str, Any]) -> str:
        """Return the booking's id; none if there is none."""
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
        """Return whether there is nothing left to do about it."""
        status, answer = client.call("DELETE", f"/api/bookings/{booking}?strategy={strategy}")
        with self._lock:
            self.statuses.add(status)
            if status == 200:
                self.stands[booking] = False
            if answer.get("outcome") == "unknown":
                self.unknown.add(booking)
            return status == 200 or answer.get("outcome") in {"refused", "unknown"}
