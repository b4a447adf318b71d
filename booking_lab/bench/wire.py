"""A load generator that costs little, since it shares the cores with what it measures."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

from booking_lab.bench.place import Place
from booking_lab.crowd.verdict import percentile


@dataclass(frozen=True)
class Load:
    """What a load met with."""

    per_second: float
    p99_ms: float
    confirmed: int
    refused: int
    other: int

    @staticmethod
    def typical(loads: Sequence[Load]) -> Load:
        """Make one of several measurements of the same: medians, and what was answered in all."""
        return Load(
            per_second=median(load.per_second for load in loads),
            p99_ms=median(load.p99_ms for load in loads),
            confirmed=sum(load.confirmed for load in loads),
            refused=sum(load.refused for load in loads),
            other=sum(load.other for load in loads),
        )


#: What the service says with which status.
_ANSWERS = {201: "confirmed", 409: "refused"}


class Wire:
    """One keep-alive connection that speaks just enough HTTP."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host = address.netloc
        self._socket = socket.create_connection((address.hostname or "", address.port or 80), 30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, path: str, body: str) -> int:
        """Send a JSON body; return the status."""
        self._send(
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        return self._receive()

    def get(self, path: str) -> int:
        """Return the status of a GET."""
        self._send(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n")
        return self._receive()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _send(self, text: str) -> None:
        self._socket.sendall(text.encode())

    def _receive(self) -> int:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._read()
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        missing = length - len(body)
        while missing > 0:
            missing -= len(self._read())
        return int(head[9:12])

    def _read(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the lab closed the connection")
        return data


def load(url: str, place: Place, clients: int, seconds: float) -> Load:
    """Let ``clients`` book over HTTP at ``place`` for ``seconds``."""

    @contextmanager
    def connected(number: int) -> Iterator[Callable[[], str]]:
        chance = random.Random(number)
        wire = Wire(url)
        yield lambda: _ANSWERS.get(
            wire.post(place.path, json.dumps(place.body(chance, f"c{number}"))), "other"
        )
        wire.close()

    return let_loose(connected, clients, seconds)


def let_loose(
    customer: Callable[[int], AbstractContextManager[Callable[[], str]]],
    clients: int,
    seconds: float,
) -> Load:
    """Let customers book in a loop, each in a thread; return what they met with.

    Args:
        customer: by a number, gives what books once and returns ``confirmed``, ``refused`` or
            ``other``.
        clients: how many.
        seconds: for how long. What comes before is not timed: connecting, and a first booking.
    """
    start = threading.Barrier(clients)

    def client(number: int) -> tuple[list[float], Counter[str]]:
        times: list[float] = []
        answers: Counter[str] = Counter()
        with customer(number) as book:
            answers[book()] += 1
            start.wait(30)
            end = time.perf_counter() + seconds
            while (begin := time.perf_counter()) < end:
                answers[book()] += 1
                times.append(time.perf_counter() - begin)
        return times, answers

    with ThreadPoolExecutor(clients) as pool:
        done = list(pool.map(client, range(clients)))
    times = [one for client_times, _ in done for one in client_times]
    answers = sum((counted for _, counted in done), Counter())
    return Load(
        per_second=len(times) / seconds,
        p99_ms=1000 * percentile(times, 0.99),
        confirmed=answers["confirmed"],
        refused=answers["refused"],
        other=answers["other"],
    )
