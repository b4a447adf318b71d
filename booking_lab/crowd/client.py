"""A crowd of customers over real HTTP."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from booking_lab.errors import BookingLabError


class UnexpectedStatus(BookingLabError):
    """A request that has to succeed got another answer."""

    code = "turned_down"


@dataclass(frozen=True)
class SeatAnswer:
    """One booking as its customer saw it; times are seconds on one clock.

    ``outcome`` is the outcome of the answer, or ``error`` and the status if it has none.
    """

    seat: str
    outcome: str
    begin: float
    end: float


class Customer:
    """One keep-alive connection to the lab.

    Args:
        url: the lab's address.
        token: the admin token; empty: the lab has none.
    """

    def __init__(self, url: str, token: str = "") -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            address.hostname or "localhost", address.port, timeout=60
        )
        self._headers: dict[str, str | bytes] = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}".encode()

    def __enter__(self) -> Customer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the parsed body.

        Raises:
            OSError, http.client.HTTPException: the lab doesn't answer.
        """
        status, answer = self.read(path, method, body)
        return status, json.loads(answer)

    def read(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, bytes]:
        """Return the status and the body in bytes.

        Raises:
            OSError, http.client.HTTPException: the lab doesn't answer.
        """
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, path, sent, self._headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def get(self, path: str) -> Any:
        """Return the body of a GET."""
        return self.call("GET", path)[1]

    def post(self, path: str, body: Any = None) -> Any:
        """Return the body of a POST that has to succeed, see `ask`."""
        return self.ask("POST", path, body)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the body of a request that has to succeed.

        Raises:
            UnexpectedStatus: it failed, or the answer is not a JSON object.
        """
        status, text = self.read(path, method, body)
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        if status >= 400 or not isinstance(answer, dict):
            detail = answer.get("detail") if isinstance(answer, dict) else None
            raise UnexpectedStatus(
                f"{method} {path} was answered {status}: {detail or text[:200]!r}"
            )
        return answer

    def book(self, seat: str, name: str) -> SeatAnswer:
        """Book a seat of event 1."""
        begin = time.monotonic()
        body = {"event_id": 1, "seat_number": seat, "customer_id": name}
        status, answer = self.call("POST", "/book", body)
        outcome = answer.get("outcome", f"error {status}")
        return SeatAnswer(seat, outcome, begin, time.monotonic())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def run_crowd(url: str, wishes: Sequence[Sequence[str]]) -> list[SeatAnswer]:
    """Run a customer for each entry of ``wishes``, who books the seats of the entry in order.

    All customers connect first, and then begin at the same moment.
    """
    start = threading.Barrier(len(wishes))

    def customer(number: int) -> list[SeatAnswer]:
        with Customer(url) as client:
            client.get("/health")
            start.wait(30)
            return [client.book(seat, f"customer_{number}") for seat in wishes[number]]

    with ThreadPoolExecutor(len(wishes)) as crowd:
        return [answer for answers in crowd.map(customer, range(len(wishes))) for answer in answers]
