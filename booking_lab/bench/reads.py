"""Measures reads while many bookers wait for one row."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from booking_lab.crowd.client import Customer
from booking_lab.crowd.verdict import percentile
from booking_lab.db.connector import Connector

_BOOKERS = 25
_READS = 200
_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@dataclass(frozen=True)
class ReadLatency:
    """The latency of GET /events/1.

    Attributes:
        idle_p95: the 95th percentile without bookers, in milliseconds.
        busy_p95: the 95th percentile while bookers wait, in milliseconds.
        waiting: the number of these bookers.
    """

    idle_p95: float
    busy_p95: float
    waiting: int

    @property
    def ratio(self) -> float:
        """The busy latency divided by the idle one."""
        return self.busy_p95 / self.idle_p95


def run(url: str, database_url: str) -> ReadLatency:
    """Measure without bookers, and then while a row that all bookers want is locked."""
    _p95(url)
    idle = _p95(url)
    release = threading.Event()
    with (
        Connector(database_url, lock_timeout=60).session() as holder,
        Connector(database_url).session() as watcher,
        ThreadPoolExecutor(_BOOKERS) as bookers,
    ):
        holder.begin()
        holder.execute("SELECT 1 FROM seats WHERE event_id = 1 AND seat_number = 'A1' FOR UPDATE")
        for number in range(_BOOKERS):
            bookers.submit(_book, url, number, release)
        deadline = time.monotonic() + 10
        while (waiting := watcher.execute(_WAITING)[0][0]) < _BOOKERS:
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        busy = _p95(url)
        release.set()
        holder.rollback()
    return ReadLatency(idle, busy, waiting)


def _p95(url: str) -> float:
    times = []
    for _ in range(_READS // 4):
        # Several connections, so that every worker gets requests.
        for reader in [Customer(url) for _ in range(4)]:
            with reader:
                begin = time.perf_counter()
                reader.read("/events/1")
                times.append(1000 * (time.perf_counter() - begin))
    return percentile(times, 0.95)


def _book(url: str, number: int, release: threading.Event) -> None:
    body = {"event_id": 1, "seat_number": "A1", "customer_id": f"w{number}",
            "strategy": "pessimistic"}  # fmt: skip
    with Customer(url) as booker:
        while not release.is_set():
            booker.read("/book", "POST", body)
