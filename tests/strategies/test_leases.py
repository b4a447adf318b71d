"""Locks in Redis end by themselves, after the time that the strategy says."""

import threading

import pytest
import redis

from booking_lab.config import Settings
from booking_lab.core.step import StepKind
from booking_lab.engine import Wish
from booking_lab.lab import Lab
from booking_lab.registry import SHIPPED, Registry
from booking_lab.workloads.seats import SeatRequest, Seats
from tests.faults.gate import Gate

TTL = 40
LEASED = [
    entry.name
    for entry in Registry([SHIPPED]).entries()
    if "ttl" in {option["name"] for option in entry.options}
]


@pytest.fixture
def lab(database_url, redis_url, redlock_urls):
    lab = Lab(Settings(database_url=database_url, redis_url=redis_url, redlock_urls=redlock_urls))
    lab.start()
    yield lab
    lab.stop()


@pytest.mark.parametrize("name", LEASED)
def test_a_lease_ends_by_itself_after_its_time(lab, redis_url, redlock_urls, name):
    entry = lab.registry.get(name)
    wish = Wish("0" * 31 + "1", (entry, entry.make({"ttl": TTL})))
    gate = Gate(StepKind.COMMIT)
    asks = SeatRequest(event_id=1, seats=("A1",), customer_id="a")
    booker = threading.Thread(
        target=lab.engine.with_(lab.bookings, [gate]).book, args=(Seats(), asks, wish)
    )
    booker.start()
    gate.reached()
    try:
        left = [ms for url in (redis_url, *redlock_urls) for ms in ends_in(url)]
    finally:
        gate.open()
        booker.join()

    assert left
    assert all(0 < ms <= TTL * 1000 for ms in left)


def ends_in(url):
    """In how many milliseconds each key ends."""
    with redis.Redis.from_url(url) as client:
        return [client.pttl(key) for key in client.scan_iter()]
