"""Customers who book, move and cancel all the time, and remember what they were told."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from booking_lab.crowd.client import Customer
from tests.fault_run.places import Place

#: Seconds between two requests of one customer: the machine is shared with those who serve it.
_PAUSE = 0.1


class Stands(Enum):
    """What a customer knows of a booking."""

    YES = "confirmed"
    NO = "not booked, or cancelled"
    UNKNOWN = "nobody has said"


#: Booked, changed; refused, or beaten by somebody; not just now. And a booking may have been moved
#: or cancelled by a request whose answer never came.
_SERVED = {"200", "201", "404", "409"}
_EXPECTED = {*_SERVED, "503"}


@dataclass
class Told:
    """What all customers were told since the beginning.

    Attributes:
        stands: by the id of a booking.
        statuses: how often each status, or error of the connection, came back.
        faults: answers that no fault of a server explains.
        slow: answers that took longer than they may.
        slowest: the longest wait for an answer so far, in seconds.
        limit: how long one may take just now, in seconds.
        under_way: how many requests are.
    """

    limit: float
    stands: dict[str, Stands] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    slowest: float = 0.0
    under_way: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, limit: float) -> int:
        """Begin anew with what was told; return how many requests are under way."""
        with self.lock:
            self.statuses.clear()
            self.slowest, self.limit = 0.0, limit
            return self.under_way

    def wrong(self) -> list[str]:
        """Return what should not have been told since the last time that this was asked."""
        with self.lock:
            found = [*self.faults, *self.slow]
            self.faults.clear()
            self.slow.clear()
            return found

    def answers(self) -> str:
        """How often each answer came."""
        with self.lock:
            found = self.statuses.most_common()
        return ", ".join(f"{many} x {status}" for status, many in found)

    @property
    def not_served(self) -> int:
        """How many could not be served, and were told so or not."""
        with self.lock:
            return sum(many for status, many in self.statuses.items() if status not in _SERVED)

    def ask(self) -> None:
        """Take down that a request begins."""
        with self.lock:
            self.under_way += 1

    def note(self, what: str, status: str, seconds: float, code: str, detail: str) -> None:
        """Take down its answer."""
        with self.lock:
            self.under_way -= 1
            self.statuses[status] += 1
            self.slowest = max(self.slowest, seconds)
            if seconds > self.limit:
                self.slow.append(f"{what}: {status} after {seconds:.1f} s")
            if status not in _EXPECTED and status.isdigit():
                self.faults.append(f"{what}: {status} {code} {detail}")


class Booker(threading.Thread):
    """One customer of one place under one strategy.

    Args:
        url: the lab.
        place: what it books there.
        told: where it takes down what it was told.
        stop: set when it is to end.
        seed: of its choices.
    """

    def __init__(
        self, url: str, place: Place, told: Told, stop: threading.Event, seed: str
    ) -> None:
        super().__init__(name=seed, daemon=True)
        self._url, self._place, self._told, self._stopped = url, place, told, stop
        self._random = random.Random(seed)
        self._client: Customer | None = None
        self._own: list[str] = []

    def run(self) -> None:
        """Book, move and cancel until the end."""
        while not self._stopped.wait(_PAUSE):
            if not self._own or (len(self._own) < 3 and self._random.random() < 0.6):
                self._book()
            elif self._random.random() < 0.3:
                self._move(self._random.choice(self._own))
            else:
                self._cancel(self._own.pop(0))
        if self._client:
            self._client.close()

    def _book(self) -> None:
        status, answer = self._ask("POST", "/api/bookings", self._place.booking(self._random))
        made = str(answer.get("id") or answer.get("attempt_id") or "")
        if not made:  # never heard of, or turned away before it began
            return
        if status == 201:
            self._own.append(made)
        unknown = answer.get("outcome") == "unknown"
        stands = Stands.YES if status == 201 else Stands.UNKNOWN if unknown else Stands.NO
        self._remember(made, stands)

    def _move(self, booking: str) -> None:
        # Wherever it is afterwards, it stands.
        self._ask("PATCH", f"/api/bookings/{booking}", self._place.change(self._random))

    def _cancel(self, booking: str) -> None:
        path = f"/api/bookings/{booking}?strategy={self._place.strategy}"
        status, answer = self._ask("DELETE", path)
        if status == 200:
            self._remember(booking, Stands.NO)
        elif status == 0 or answer.get("outcome") == "unknown":
            self._remember(booking, Stands.UNKNOWN)
        else:
            self._own.append(booking)

    def _remember(self, booking: str, stands: Stands) -> None:
        with self._told.lock:
            self._told.stands[booking] = stands

    def _ask(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Return the status and the answer; 0 and nothing if the connection ended before."""
        what = f"{self._place.strategy} on {self._place.kind}: {method}"
        begun = time.monotonic()
        self._told.ask()
        try:
            if self._client is None:
                self._client = Customer(self._url)
            status, answer = self._client.call(method, path, body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._client = None
            self._told.note(what, type(error).__name__, time.monotonic() - begun, "", "")
            return 0, {}
        code, detail = str(answer.get("code", "")), str(answer.get("detail", ""))
        self._told.note(what, str(status), time.monotonic() - begun, code, detail)
        return status, answer
