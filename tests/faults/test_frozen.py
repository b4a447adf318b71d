"""A server that is there and says nothing costs no more than what was set for it."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.core.booking import Outcome
from booking_lab.core.step import StepKind
from booking_lab.db import bounded, probe
from booking_lab.db.connector import Connector
from booking_lab.errors import DatabaseSilent, DatabaseUnavailable
from tests.faults.frozen import frozen
from tests.faults.gate import Gate
from tests.faults.test_under_way import begin
from tests.web.test_booking import STRATEGIES, book

#: The settings of a lab that gives up soon, and what a request may take then at most.
SOON = {"statement_timeout": 0.5, "lock_timeout": 0.5, "pool_timeout": 1, "read_pool": 16}
LIMIT = SOON["statement_timeout"] + Connector.grace
#: What a busy machine adds.
SLACK = 1.5

SLOT = {
    "kind": "slots", "tenant_id": 1, "branch_id": 1, "resource_id": 1, "service_id": 1,
    "starts_at": "2031-07-01T09:00:00Z", "ends_at": "2031-07-01T10:00:00Z",
}  # fmt: skip
DOORS = [
    ("POST", "/book", {"event_id": 1, "seat_number": "B1", "customer_id": "c"}),
    ("POST", "/book/unsafe", {"event_id": 1, "user_email": "a@example.com", "quantity": 1}),
    ("POST", "/book/safe", {"event_id": 1, "user_email": "a@example.com", "quantity": 1}),
    ("POST", "/api/bookings", {**SLOT, "customer_id": "c"}),
    ("PATCH", "/api/bookings/{id}", {"seats": ["C1"]}),
    ("DELETE", "/api/bookings/{id}", None),
    ("GET", "/api/bookings/{id}", None),
    ("POST", "/admin/reset?event_id=1", None),
    ("POST", "/admin/strategy", {"strategy": "none"}),
    ("POST", "/admin/think-time", {"think_time_ms": 0}),
    ("POST", "/admin/race", {"event_id": 1, "seat_number": "A2", "customers": 2}),
]


@pytest.fixture
def background():
    with ThreadPoolExecutor(32) as pool:
        yield pool


@pytest.fixture
def postgresql(servers):
    """Freezes PostgreSQL for a block."""
    return lambda: frozen(servers.pids["postgresql"])


def timed(client, method, path, body=None):
    begun = time.monotonic()
    answer = client.application.test_client().open(path, method=method, json=body)
    return answer, time.monotonic() - begun


def readers(client):
    """Every address that is read without a parameter, and two with one."""
    rules = client.application.url_map.iter_rules()
    plain = {rule.rule for rule in rules if "GET" in rule.methods and not rule.arguments}
    ours = {path for path in plain if not path.startswith(("/docs", "/openapi", "/static"))}
    return sorted({*ours, "/events/1", "/events/1/seats"} - {"/health", "/ready", "/metrics", "/"})


@pytest.mark.parametrize("warm", [True, False], ids=["with connections", "without"])
def test_each_request_ends_in_time_while_postgresql_is_frozen(
    make_client, background, postgresql, warm
):
    client = make_client(**SOON)
    seat = {"kind": "seats", "event_id": 1, "seats": ["A1"], "customer_id": "c"}
    made = client.post("/api/bookings", json=seat).json["id"]
    doors = [
        *((method, path.format(id=made), body) for method, path, body in DOORS),
        *(("GET", path, None) for path in readers(client)),
    ]
    if warm:  # a connection for each that will ask
        list(background.map(lambda path: timed(client, "GET", path), readers(client)))
    else:
        lab = client.application.extensions["lab"]
        lab.bookings.close()
        lab.reads.close()
        lab.probe.close()

    with postgresql():
        answers = list(background.map(lambda door: timed(client, *door), doors))
        ready, took = timed(client, "GET", "/ready")
        alive, _ = timed(client, "GET", "/health")
        scraped, _ = timed(client, "GET", "/metrics")

    for door, (answer, seconds) in zip(doors, answers, strict=True):
        known = answer.json.get("code") in {"database_unavailable", "pool_timeout"}
        # What is answered without PostgreSQL may be.
        assert known or answer.status_code == 200, (door, answer.text)
        assert seconds < max(LIMIT, bounded.CONNECT_WITHIN) + SLACK, door
    assert sum(answer.status_code == 503 for answer, _ in answers) >= len(DOORS)
    assert (ready.status_code, ready.json["database"]) == (503, False)
    assert "PostgreSQL: PostgreSQL has not answered in time" in ready.json["problems"][0]
    assert took < 2
    assert alive.status_code == scraped.status_code == 200
    # Back again, it serves at once: what was frozen is thrown away.
    for path in readers(client):
        assert client.get(path).status_code == 200, path
    assert book(client, "D1").status_code == 201
    assert client.get("/ready").status_code == 200
    eventually(lambda: client.get("/admin/audit").json["consistent"])


@pytest.mark.parametrize("strategy", [*STRATEGIES, "queue"])
def test_a_booking_under_way_ends_in_time(make_client, background, postgresql, strategy):
    client = make_client(**SOON)
    gate = Gate(StepKind.WRITE)
    booking = begin(client, background, gate, strategy)

    with postgresql():
        begun = time.monotonic()
        gate.open()
        ended = booking.result()
        took = time.monotonic() - begun

    assert (ended.outcome, ended.code) == (Outcome.ERROR, "database_unavailable")
    assert "as if frozen" in ended.message
    assert took < LIMIT + SLACK
    assert client.get("/events/1").json["seats"]["booked"] == 0
    assert book(client, "A1").status_code == 201


def test_a_commit_that_is_never_answered_is_unknown(
    make_client, background, postgresql, monkeypatch
):
    monkeypatch.setattr("booking_lab.runtime.engine.RESOLVE_WITHIN", 1)
    client = make_client(**SOON)
    gate = Gate(StepKind.COMMIT)
    booking = begin(client, background, gate, "pessimistic")

    with postgresql():
        begun = time.monotonic()
        gate.open()
        ended = booking.result()
        took = time.monotonic() - begun

    assert ended.outcome is Outcome.UNKNOWN
    assert took < LIMIT + 1 + SLACK
    eventually(lambda: client.get("/admin/audit").json["consistent"])


def test_a_switch_of_many_connections_waits_for_one_of_them_alone(make_client, postgresql):
    """All would be silent, one after the other."""
    client = make_client(**SOON)
    lab = client.application.extensions["lab"]
    with (
        lab.bookings.session(lambda _: None),
        lab.bookings.session(lambda _: None),
        lab.bookings.session(lambda _: None),
    ):
        pass
    with postgresql():
        begun = time.monotonic()
        assert book(client).status_code == 503
        assert time.monotonic() - begun < LIMIT + SLACK


def test_opening_a_connection_ends_in_time(database_url, postgresql):
    with postgresql():
        begun = time.monotonic()
        with pytest.raises(DatabaseSilent):
            Connector(database_url).connect(0.3)
        assert time.monotonic() - begun < 0.3 + SLACK


def test_a_message_of_several_statements_ends_in_time(database_url):
    """The first of them has its answer, and the driver waits for the others."""
    with Connector(database_url).session() as session:
        begun = time.monotonic()
        with pytest.raises(DatabaseUnavailable), session.within(0.2):
            session.execute("SELECT 1; SELECT pg_sleep(5)")
        assert time.monotonic() - begun < 0.2 + SLACK
        assert session.lost


def test_a_frozen_redis_is_not_well_and_said_soon(make_client, servers):
    client = make_client(redis_timeout=30)
    with frozen(servers.pids["valkey"]):
        ready, took = timed(client, "GET", "/ready")
        text = client.get("/metrics").text
    assert (ready.status_code, ready.json["redis"]) == (200, False)
    assert took < probe.WITHIN + SLACK
    assert "\nredis_up 0.0" in text
    assert client.get("/ready").json["redis"] is True


@pytest.mark.parametrize("strategy", ["distributed", "fenced", "reserve"])
def test_a_booking_ends_in_time_while_redis_is_frozen(make_client, servers, strategy):
    client = make_client(redis_timeout=0.3)
    with frozen(servers.pids["valkey"]):
        begun = time.monotonic()
        answer = book(client, strategy=strategy)
        took = time.monotonic() - begun
    assert (answer.status_code, answer.json["code"]) == (503, "redis_unavailable")
    assert took < 2 * 0.3 + SLACK
