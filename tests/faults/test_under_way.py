"""Switches and resets while a booking is under way."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg2
import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.core.booking import Outcome
from booking_lab.core.step import StepKind
from booking_lab.db.pool import Pool
from booking_lab.locks import redis_lock
from booking_lab.runtime.engine import BookingContext
from booking_lab.workloads.seats import SeatRequest, Seats
from tests.faults.gate import Gate
from tests.web.test_booking import STRATEGIES, book, lock_key

REQUEST = SeatRequest(event_id=1, seats=("A1",), customer_id="late")
WISH = BookingContext("0" * 31 + "1")


@pytest.fixture
def background():
    with ThreadPoolExecutor(4) as pool:
        yield pool


def begin(client, background, gate, strategy):
    """Start a booking that stands at ``gate``."""
    lab = client.application.extensions["lab"]
    entry = lab.registry.get(strategy)
    wish = BookingContext(WISH.trace_id, (entry, entry.create({})))
    engine = lab.engine.derive(lab.bookings, [gate])
    booking = background.submit(engine.book, Seats(), REQUEST, wish)
    gate.reached()
    return booking


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("kind", [StepKind.READ, StepKind.DECIDE, StepKind.WRITE])
def test_a_booking_that_began_before_a_reset_never_shows_up_after_it(
    client, background, strategy, kind
):
    gate = Gate(kind)
    booking = begin(client, background, gate, strategy)

    reset = background.submit(client.post, "/admin/reset?event_id=1")
    locked = strategy == "pessimistic"  # then the reset waits for the booking's commit
    if not locked:
        # Nothing stands in its way, so the reset is over before the booking goes on.
        assert reset.result().status_code == 200
    gate.open()

    assert reset.result().status_code == 200
    ended = booking.result()
    told = (Outcome.CONFIRMED, "") if locked else (Outcome.CONFLICT, "reset")
    assert (ended.outcome, ended.code) == told
    client.application.extensions["lab"].stop()  # whatever the ledger still holds is written
    client.application.extensions["lab"].start()
    assert client.get("/events/1").json["seats"]["booked"] == 0
    assert client.get("/admin/stats").json["totals"]["total"] == 0
    assert client.get("/admin/audit").json["consistent"]


def test_a_switch_waits_for_bookings_under_way(client, background):
    gate = Gate(StepKind.WRITE)
    booking = begin(client, background, gate, "none")

    switch = background.submit(client.post, "/admin/strategy", json={"strategy": "optimistic"})
    # What begins meanwhile runs the new strategy already, once it is committed.
    eventually(lambda: book(client, "B1").json["strategy"] == "optimistic")
    assert not switch.done()
    gate.open()

    assert switch.result().json["drained"] is True
    assert booking.result().outcome is Outcome.CONFIRMED
    assert booking.result().epoch < switch.result().json["epoch"]


class Hesitates(Pool):
    """Holds who has just read the selection, before they know of it."""

    def __init__(self, connector):
        super().__init__("hesitates", connector, 1, timeout=5)
        self.has_read, self.go_on = threading.Event(), threading.Event()

    @contextmanager
    def session(self, first):
        with super().session(first) as lent:
            self.has_read.set()
            assert self.go_on.wait(20)
            yield lent


def test_a_switch_waits_for_a_booking_that_does_not_know_its_epoch_yet(make_client, background):
    client = make_client(drain_seconds=0.1)
    lab = client.application.extensions["lab"]
    pool = Hesitates(lab.connector)
    booking = background.submit(lab.engine.derive(pool, []).book, Seats(), REQUEST, WISH)
    assert pool.has_read.wait(20)

    switch = client.post("/admin/strategy", json={"strategy": "optimistic"}).json
    pool.go_on.set()

    assert switch["drained"] is False
    assert booking.result().epoch < switch["epoch"]
    pool.close()


def test_a_switch_waits_no_longer_than_its_bound(make_client, background):
    client = make_client(drain_seconds=0.1)
    gate = Gate(StepKind.WRITE)
    booking = begin(client, background, gate, "none")

    switch = client.post("/admin/strategy", json={"strategy": "optimistic"})

    assert switch.status_code == 200
    assert switch.json["drained"] is False
    assert book(client, "B1").json["strategy"] == "optimistic"
    gate.open()
    booking.result()


def test_a_reset_that_cannot_have_the_row_changes_nothing(make_client, database_url):
    client = make_client(lock_timeout=0.2)
    book(client, "A1")
    with psycopg2.connect(database_url) as other, other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM seats WHERE seat_number = 'A1' FOR UPDATE")

        answer = client.post("/admin/reset?event_id=1")

        assert answer.status_code == 503
        assert answer.json["code"] == "lock_timeout"
        assert client.get("/events/1").json["seats"]["booked"] == 1
    other.close()
    assert client.post("/admin/reset?event_id=1").status_code == 200


@pytest.mark.parametrize("rival", ["none", "pessimistic", "distributed", "optimistic"])
def test_an_optimistic_booking_notices_rivals_of_every_strategy(client, background, rival):
    gate = Gate(StepKind.WRITE)
    booking = begin(client, background, gate, "optimistic")

    assert book(client, "A1", "rival", strategy=rival).status_code == 201
    gate.open()

    assert booking.result().outcome is Outcome.REFUSED
    assert booking.result().tries == 2
    assert client.get("/admin/double-bookings").json["count"] == 0


def test_a_lease_that_is_anothers_by_now_is_not_released(client, background, redis_url):
    gate = Gate(StepKind.WRITE)
    booking = begin(client, background, gate, "distributed")
    holder = redis_lock.connect(redis_url, 1)
    holder.set(lock_key(client, "seats:1:A1"), "somebody else")

    gate.open()

    assert booking.result().outcome is Outcome.CONFIRMED
    assert holder.get(lock_key(client, "seats:1:A1")) == b"somebody else"
    holder.close()
