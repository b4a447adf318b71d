"""Nothing that others need is held while something else is waited for, and every wait ends."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

import psycopg2
import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.core.booking import Outcome
from booking_lab.core.step import StepKind
from booking_lab.locks import redis_lock
from booking_lab.locks.mutex import Mutex
from booking_lab.locks.redis_lock import RedisLock
from booking_lab.locks.redlock import Redlock
from booking_lab.observers.barrier import Barrier
from booking_lab.runtime import race
from booking_lab.runtime.engine import BookingContext
from booking_lab.runtime.lab import MAX_BLOCKING_REQUESTS
from booking_lab.workloads.seats import SeatRequest, Seats
from tests.faults.gate import Gate
from tests.faults.test_under_way import begin
from tests.web.test_booking import book, lock_key

READS = ["/events/1", "/ready", "/api/bookings", "/metrics", "/admin/strategy", "/admin/audit"]


@pytest.fixture
def background():
    with ThreadPoolExecutor(16) as pool:
        yield pool


@pytest.fixture
def small(make_client):
    """A lab with one connection for reads, which nobody waits for."""
    return make_client(read_pool=1, pool_timeout=0.2, lock_timeout=20)


def check_reads(client):
    """Reads are answered, one after the other, by the only connection there is for them."""
    for path in READS:
        assert client.get(path).status_code == 200, path


# --- switches, resets and races -------------------------------------------------------------------


def test_reads_do_not_wait_for_switches_that_wait_for_bookings(small, background):
    gate = Gate(StepKind.WRITE)
    booking = begin(small, background, gate, "none")
    lab = small.application.extensions["lab"]
    switches = [
        background.submit(small.post, "/admin/think-time", json={"think_time_ms": 0})
        for _ in range(5)
    ]
    eventually(lambda: lab.blocking_slots._value == MAX_BLOCKING_REQUESTS - 5)
    eventually(lambda: small.get("/admin/think-time").json["epoch"] >= 6)

    check_reads(small)

    assert not any(switch.done() for switch in switches)
    gate.open()
    assert [switch.result().json["drained"] for switch in switches] == [True] * 5
    assert booking.result().outcome is Outcome.CONFIRMED


@pytest.fixture
def locked(database_url):
    """Hold the rows of a seat and of a counter for the test."""
    with psycopg2.connect(database_url) as other:
        other.cursor().execute("SELECT 1 FROM seats WHERE seat_number = 'A1' FOR UPDATE")
        yield other
    other.close()


def test_reads_do_not_wait_for_resets_that_wait_for_rows(small, background, locked):
    resets = [background.submit(small.post, "/admin/reset?event_id=1") for _ in range(3)]
    switch = background.submit(small.post, "/admin/think-time", json={"think_time_ms": 0})
    lab = small.application.extensions["lab"]
    eventually(lambda: lab.blocking_slots._value == MAX_BLOCKING_REQUESTS - 4)
    eventually(lambda: waiting(lab) >= 3)

    check_reads(small)

    locked.rollback()
    assert [one.result().status_code for one in [*resets, switch]] == [200] * 4


def waiting(lab):
    """How many sessions wait for a lock."""
    with lab.connector.session() as session:
        query = "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0"
        return session.execute(query)[0][0]


def test_who_would_wait_where_too_many_wait_is_turned_away(small, background, locked, caplog):
    """So that there is always a thread for a read."""
    lab = small.application.extensions["lab"]
    before = small.get("/admin/strategy").json
    resets = [
        background.submit(small.post, "/admin/reset?event_id=1")
        for _ in range(MAX_BLOCKING_REQUESTS)
    ]
    eventually(lambda: lab.blocking_slots._value == 0)

    race = {"event_id": 1, "seat_number": "B1", "customers": 2}
    for answer in (
        small.post("/admin/strategy", json={"strategy": "optimistic"}),
        small.post("/admin/think-time", json={"think_time_ms": 1}),
        small.post("/admin/reset?event_id=1"),
        small.post("/admin/race", json=race),
    ):
        assert (answer.status_code, answer.json["code"]) == (503, "overloaded")
        assert answer.headers["Retry-After"]
    # It is news for the client, and no fault of the lab.
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]

    assert small.get("/admin/strategy").json == before
    check_reads(small)
    locked.rollback()
    assert [one.result().status_code for one in resets] == [200] * MAX_BLOCKING_REQUESTS
    assert small.post("/admin/race", json=race).status_code == 200


def test_a_switch_is_switched_though_nobody_can_look_whether_it_is_drained(make_client):
    """The connections for reads are all lent out."""
    client = make_client(read_pool=1, pool_timeout=0.1, drain_seconds=0.1)
    with client.application.extensions["lab"].reads.session(lambda _: None):
        answer = client.post("/admin/strategy", json={"strategy": "optimistic"})

    assert (answer.status_code, answer.json["drained"]) == (200, False)
    assert client.get("/admin/strategy").json["strategy"] == "optimistic"


def test_a_race_whose_referee_is_lost_comes_to_its_end(client, database_url, monkeypatch):
    """Nobody stands at the barrier for ever."""
    monkeypatch.setattr(race, "BARRIER_TIMEOUT", 0.5)
    watch = Barrier._watch

    def lost(barrier, *arguments):
        with psycopg2.connect(database_url) as other, other.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks "
                "WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
            assert cursor.rowcount == 1
        other.close()
        return watch(barrier, *arguments)

    monkeypatch.setattr(Barrier, "_watch", lost)
    body = {"event_id": 1, "seat_number": "A1", "customers": 3, "strategy": "pessimistic"}
    ended = client.post("/admin/race", json=body).json

    assert (ended["confirmed"], ended["refused"], ended["barrier"]) == (1, 2, "timed out")
    assert ended["verdict"] == "inconclusive"


def test_a_barrier_that_nobody_watches_any_more_is_open(client, monkeypatch):
    def fails(*_):
        raise KeyError("a bug")

    monkeypatch.setattr(race, "_blocked", fails)
    body = {"event_id": 1, "seat_number": "A1", "customers": 3, "strategy": "pessimistic"}
    client.application.testing = True
    with pytest.raises(KeyError):
        client.post("/admin/race", json=body)

    lab = client.application.extensions["lab"]
    eventually(lambda: len(lab.engine.in_flight) == 0)
    assert client.get("/events/1").json["seats"]["booked"] == 1


# --- connections, while leases are waited for -----------------------------------------------------

LEASED = ["distributed", "fenced", "layered", "redlock", "mutex"]


class Waits(Gate):
    """Tells when a booking waits, and lets it go on."""

    def __init__(self):
        super().__init__(StepKind.WAIT)
        self.open()


def asks(lab, strategy, *observers, seat="A1", **options):
    """Book a seat, watched by ``observers``."""
    entry = lab.registry.get(strategy)
    request = SeatRequest(event_id=1, seats=(seat,), customer_id="asks")
    wish = BookingContext("0" * 32, (entry, entry.create(options)))
    return lab.engine.derive(lab.bookings, observers).book(Seats(), request, wish)


@pytest.fixture
def tight(make_client, redlock_urls):
    """A lab with two connections for bookings, which nobody waits for."""
    return make_client(redlock_urls=redlock_urls, booking_pool=2, pool_timeout=0.2)


@contextmanager
def leased(client, strategy, seat):
    """Somebody else has the lease of a seat for the block."""
    lab = client.application.extensions["lab"]
    anchor = next(iter(Seats().anchors(SeatRequest(event_id=1, seats=(seat,), customer_id="x"))))
    kind = {"redlock": Redlock(60), "mutex": Mutex()}.get(strategy, RedisLock(60))
    lease = kind.lease(anchor, lab.servers)
    assert lease.try_acquire(lambda _: nullcontext())
    try:
        yield
    finally:
        assert lease.release(lambda _: nullcontext())


@pytest.mark.parametrize("strategy", LEASED)
def test_who_waits_for_a_lease_keeps_nobody_from_another_seat(tight, background, strategy):
    """As many wait for it as there are connections."""
    lab = tight.application.extensions["lab"]
    with leased(tight, strategy, "A1"):
        gates = [Waits() for _ in range(2)]
        waiting = [background.submit(asks, lab, strategy, gate, wait=20) for gate in gates]
        for gate in gates:
            gate.reached()

        assert book(tight, "B1", "other", strategy=strategy).status_code == 201
        assert book(tight, "B2", "other", strategy="pessimistic").status_code == 201
        assert not any(one.done() for one in waiting)

    ended = sorted(one.result().outcome for one in waiting)
    assert ended == [Outcome.CONFIRMED, Outcome.REFUSED]
    assert tight.get("/admin/audit").json["consistent"]


@pytest.mark.parametrize("kind", [StepKind.ACQUIRE, StepKind.RELEASE])
@pytest.mark.parametrize("strategy", [*LEASED, "reserve"])
def test_no_connection_is_held_while_another_server_is_asked(tight, background, strategy, kind):
    """It may be frozen, and take its time."""
    lab = tight.application.extensions["lab"]
    gate = Gate(kind)
    booking = background.submit(asks, lab, strategy, gate)
    gate.reached()

    held = lab.bookings.in_use
    gate.open()
    assert held == 0
    assert booking.result().outcome is Outcome.CONFIRMED


def test_no_connection_is_held_from_one_try_to_the_next(make_client, tmp_path, background):
    text = '''
"""Fails once."""
from dataclasses import dataclass
from booking_lab import Attempt, Conflict, Strategy

@dataclass(frozen=True)
class Once(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            change = attempt.decide(attempt.read())
            if attempt.number == 1:
                raise Conflict
            attempt.write(change)
'''
    (tmp_path / "once.py").write_text(text)
    client = make_client(strategy_folders=(str(tmp_path),), booking_pool=1)
    lab = client.application.extensions["lab"]
    gate = Gate(StepKind.WAIT)
    booking = background.submit(asks, lab, "once", gate)
    gate.reached()

    held = lab.bookings.in_use
    gate.open()
    assert held == 0
    assert (booking.result().outcome, booking.result().tries) == (Outcome.CONFIRMED, 2)


@pytest.mark.parametrize("strategy", ["distributed", "mutex"])
def test_a_connection_that_died_meanwhile_is_replaced(tight, background, database_url, strategy):
    lab = tight.application.extensions["lab"]
    gate = Gate(StepKind.ACQUIRE)
    booking = background.submit(asks, lab, strategy, gate)
    gate.reached()
    with psycopg2.connect(database_url) as other, other.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    other.close()
    gate.open()

    assert (booking.result().outcome, booking.result().tries) == (Outcome.CONFIRMED, 1)


def test_a_lock_that_ended_while_a_connection_was_waited_for_counts_no_more(
    make_client, background
):
    client = make_client(booking_pool=1, pool_timeout=20)
    lab = client.application.extensions["lab"]
    with leased(client, "distributed", "A1"):
        waits = Waits()
        booking = background.submit(asks, lab, "distributed", waits, ttl=0.3, wait=20)
        waits.reached()
        lent = lab.bookings.session(lambda _: None)
        lent.__enter__()
    try:
        eventually(lambda: lab.bookings.waiting == 1)
        eventually(lambda: not lab.redis.exists(lock_key(client, "seats:1:A1")))
    finally:
        lent.__exit__(None, None, None)

    assert (booking.result().outcome, booking.result().tries) == (Outcome.CONFIRMED, 2)


# --- locks that end by themselves -----------------------------------------------------------------


def basket(client, strategy, *observers, **options):
    lab = client.application.extensions["lab"]
    entry = lab.registry.get(strategy)
    request = SeatRequest(event_id=1, seats=("A1", "A2"), customer_id="basket")
    wish = BookingContext("0" * 32, (entry, entry.create(options)))
    return lab.engine.derive(lab.bookings, observers).book(Seats(), request, wish)


@pytest.mark.parametrize("strategy", ["distributed", "fenced", "layered", "redlock"])
@pytest.mark.parametrize("rival", [True, False])
def test_a_lock_that_ended_while_the_next_was_waited_for_counts_no_more(
    make_client, redis_url, redlock_urls, background, strategy, rival
):
    """The holder works far shorter than the expiry; it is the wait that takes longer."""
    client = make_client(redlock_urls=redlock_urls)
    client.post("/admin/think-time", json={"think_time_ms": 0})
    servers = [redis_lock.connect(url, 1) for url in (redis_url, *redlock_urls)]
    first, second = lock_key(client, "seats:1:A1"), lock_key(client, "seats:1:A2")
    for server in servers:
        server.set(second, "somebody else", px=60_000)
    waits = Waits()
    booking = background.submit(basket, client, strategy, waits, ttl=0.3, wait=20)
    waits.reached()

    eventually(lambda: not any(server.exists(first) for server in servers))
    if rival:
        assert book(client, "A1", "rival", strategy=strategy).status_code == 201
    for server in servers:
        server.delete(second)
        server.close()

    ended = booking.result()
    assert ended.tries == 2
    assert ended.outcome is (Outcome.REFUSED if rival else Outcome.CONFIRMED)
    assert client.get("/admin/audit").json["consistent"]


def test_a_lock_that_ended_while_a_row_was_waited_for_counts_no_more(
    make_client, database_url, tmp_path, background
):
    text = '''
"""Locks twice."""
from dataclasses import dataclass
from booking_lab import Attempt, Capability, RedisLock, Strategy

@dataclass(frozen=True)
class Twice(Strategy):
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        with attempt.holding(RedisLock(0.3), wait=5), attempt.transaction():
            attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
'''
    (tmp_path / "twice.py").write_text(text)
    client = make_client(strategy_folders=(str(tmp_path),))
    client.post("/admin/think-time", json={"think_time_ms": 0})
    redis = client.application.extensions["lab"].redis
    with psycopg2.connect(database_url) as other:
        other.cursor().execute("SELECT 1 FROM seats WHERE seat_number = 'A1' FOR UPDATE")
        booking = background.submit(book, client, "A1", strategy="twice")
        eventually(lambda: redis.exists(lock_key(client, "seats:1:A1")))
        eventually(lambda: waiting(client.application.extensions["lab"]))
        eventually(lambda: not redis.exists(lock_key(client, "seats:1:A1")))
    other.close()

    assert (booking.result().status_code, booking.result().json["tries"]) == (201, 2)
