"""The race on demand, and what the checks find after it."""

import psycopg2
import pytest

from booking_lab import race
from tests.web.test_booking import book


@pytest.mark.parametrize("repeat", range(3))
@pytest.mark.parametrize("customers", [2, 10])
def test_without_protection_everybody_is_confirmed(client, customers, repeat):
    body = {"event_id": 1, "seat_number": "A1", "customers": customers}

    ended = client.post("/admin/race", json=body).json

    assert ended["confirmed"] == customers
    assert ended["barrier"] == "filled"
    assert ended["verdict"] == "double booking"
    assert len(ended["answers"]) == customers


@pytest.mark.parametrize("repeat", range(3))
@pytest.mark.parametrize(
    ("strategy", "barrier"),
    [("pessimistic", "let go"), ("distributed", "let go"), ("optimistic", "filled")],
)
def test_a_safe_strategy_confirms_one(client, strategy, barrier, repeat):
    body = {"event_id": 1, "seat_number": "A1", "strategy": strategy}

    ended = client.post("/admin/race", json=body).json

    assert ended["confirmed"] == 1
    assert sum(ended["outcomes"].values()) == 10
    assert ended["barrier"] == barrier
    assert ended["verdict"] == "safe"
    assert client.get("/admin/double-bookings").json["count"] == 0
    assert client.get("/admin/audit").json["consistent"]


def test_optimistic_bookers_meet_and_retry(client):
    body = {"event_id": 1, "seat_number": "A1", "customers": 5, "strategy": "optimistic"}

    answers = client.post("/admin/race", json=body).json["answers"]

    assert sorted(answer["tries"] for answer in answers)[0] == 1
    assert max(answer["tries"] for answer in answers) > 1


def test_with_one_try_losers_end_as_conflicts(client):
    body = {"event_id": 1, "seat_number": "A1", "customers": 5, "strategy": "optimistic",
            "options": {"attempts": 1}}  # fmt: skip

    assert client.post("/admin/race", json=body).json["outcomes"] == {"confirmed": 1, "conflict": 4}


def test_double_bookings_say_who_when_and_where(client, eventually):
    client.post("/admin/race", json={"event_id": 1, "seat_number": "C3", "customers": 3})

    found = client.get("/admin/double-bookings").json

    assert found["count"] == 1
    [double] = found["double_bookings"]
    assert (double["event_id"], double["seat_number"], double["booking_count"]) == (1, "C3", 3)
    assert sorted(double["customers"]) == ["customer_1", "customer_2", "customer_3"]
    owner = next(
        seat["booked_by"]
        for seat in client.get("/events/1").json["seats"]["details"]
        if seat["seat_number"] == "C3"
    )
    assert double["winner"] == owner
    assert len(double["losers"]) == 2
    for loser in double["losers"]:
        assert loser["lost_to"] == owner
        assert len(loser["trace_id"]) == len(loser["winner_trace_id"]) == 32
    for booking in double["bookings"]:
        assert booking["strategy"] == "none"
        assert booking["worker"]
        assert booking["created_at"]
    kinds = {finding["kind"] for finding in client.get("/admin/audit").json["findings"]}
    assert kinds == {"lost update"}
    eventually(lambda: client.get("/admin/stats").json["totals"]["double_booked"] == 1)


def test_a_booked_seat_is_nothing_to_race_for(client):
    book(client, "A1")

    answer = client.post("/admin/race", json={"event_id": 1, "seat_number": "A1"})

    assert answer.status_code == 409
    assert "reset" in answer.json["detail"]


def test_one_race_runs_at_a_time(client, database_url):
    with psycopg2.connect(database_url) as other:
        other.cursor().execute("SELECT pg_advisory_lock(%s)", (race._ADVISORY_LOCK,))

        answer = client.post("/admin/race", json={"event_id": 1, "seat_number": "A1"})

        assert answer.status_code == 409
        assert answer.json["code"] == "race_under_way"
    other.close()
    assert client.post("/admin/race", json={"event_id": 1, "seat_number": "A1"}).status_code == 200
