"""Every wait is bounded, and ends in a clean answer with a row."""

import threading

import psycopg2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from booking_lab.conformance.waiting import eventually
from booking_lab.locks import redis_lock
from tests.web.test_booking import book, lock_key


@pytest.fixture
def row_lock(database_url):
    """Hold seat A1's row for the test."""
    connection = psycopg2.connect(database_url)
    connection.cursor().execute("SELECT 1 FROM seats WHERE seat_number = 'A1' FOR UPDATE")
    yield connection
    connection.close()


def statuses(client):
    return {f["strategy"]: f for f in client.get("/admin/stats").json["by_strategy"]}


def release_failures(client):
    """How many leases of ``distributed`` could not be given back so far."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
        if sample.name == "lease_release_failures_total"
        and sample.labels["strategy"] == "distributed"
    )


def test_a_row_lock_that_does_not_come_is_a_timeout(make_client, row_lock):
    client = make_client(lock_timeout=0.1)

    answer = book(client, strategy="pessimistic")

    assert answer.status_code == 503
    assert answer.json["outcome"] == "timeout"
    assert answer.json["code"] == "lock_timeout"
    assert answer.headers["Retry-After"]
    assert answer.json["waited_ms"] > 90
    eventually(lambda: statuses(client).get("pessimistic", {}).get("timeout") == 1)
    row_lock.rollback()
    assert book(client, strategy="pessimistic").status_code == 201


def test_a_lease_that_does_not_come_is_a_timeout(client, redis_url):
    holder = redis_lock.connect(redis_url, 1)
    holder.set(lock_key(client, "seats:1:A1"), "somebody else", px=60_000)

    answer = book(client, strategy="distributed", options={"wait": 0.1})

    assert answer.status_code == 503
    assert answer.json["code"] == "lock_timeout"
    assert holder.get(lock_key(client, "seats:1:A1")) == b"somebody else"
    holder.delete(lock_key(client, "seats:1:A1"))
    assert book(client, strategy="distributed").status_code == 201
    assert not holder.exists(lock_key(client, "seats:1:A1"))
    holder.close()


def test_a_pool_that_is_empty_is_a_timeout(make_client, row_lock):
    client = make_client(booking_pool=1, pool_timeout=0.1, lock_timeout=20)
    book(client, "B1")
    lab = client.application.extensions["lab"]
    waiting = threading.Thread(target=book, args=(client,), kwargs={"strategy": "pessimistic"})
    waiting.start()
    eventually(lambda: lab.bookings.in_use == 1)

    answer = book(client, "B2")

    assert answer.status_code == 503
    assert answer.json["code"] == "pool_timeout"
    assert client.get("/events/1").status_code == 200  # reads have their own
    row_lock.rollback()
    waiting.join()
    eventually(lambda: statuses(client)["none"]["timeout"] == 1)


def test_too_many_bookers_are_turned_away_at_once(make_client, row_lock):
    client = make_client(threads=9, lock_timeout=20)  # eight of them are reserved
    lab = client.application.extensions["lab"]
    waiting = threading.Thread(target=book, args=(client,), kwargs={"strategy": "pessimistic"})
    waiting.start()
    eventually(lambda: lab.bookings.in_use == 1)

    answer = book(client, "B2")

    assert answer.status_code == 503
    assert answer.json["code"] == "overloaded"
    row_lock.rollback()
    waiting.join()
    assert book(client, "B2").status_code == 201


def test_without_redis_the_others_go_on(make_client):
    client = make_client(redis_url="unix:///nowhere/valkey.sock")

    answer = book(client, strategy="distributed")

    assert answer.status_code == 503
    assert answer.json["code"] == "redis_unavailable"
    for seat, strategy in [("A1", "none"), ("A2", "pessimistic"), ("A3", "optimistic")]:
        assert book(client, seat, strategy=strategy).status_code == 201
    ready = client.get("/ready")
    assert (ready.status_code, ready.json["redis"]) == (200, False)


def test_a_lab_without_redis_says_so(make_client):
    client = make_client(redis_url="")

    answer = book(client, strategy="distributed")

    assert (answer.status_code, answer.json["code"]) == (422, "unsuitable")
    assert "the lab runs without Redis" in answer.json["detail"]


def test_a_lease_that_expires_under_work_is_seen(client):
    """The booking stands; that its protection was gone shows in the metrics."""
    client.post("/admin/think-time", json={"think_time_ms": 100})
    before = release_failures(client)

    answer = book(client, strategy="distributed", options={"ttl": 0.02})

    assert answer.status_code == 201
    # Every series is there from the start, at zero: only its value says anything.
    eventually(lambda: release_failures(client) == before + 1)


def test_without_a_database_the_answer_is_clean(make_client):
    client = make_client(database_url="postgresql://booking@/nowhere?host=/nowhere")

    for answer in (book(client), client.get("/events/1"), client.post("/admin/reset?event_id=1")):
        assert answer.status_code == 503
        assert answer.json["code"] == "database_unavailable"
        assert answer.headers["Retry-After"]
    assert client.get("/health").status_code == 200
    assert client.get("/ready").status_code == 503
    assert client.get("/metrics").status_code == 200


def test_a_lease_of_less_than_a_millisecond_is_one(client):
    assert book(client, strategy="distributed", options={"ttl": 0.0001}).status_code == 201
