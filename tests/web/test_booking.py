"""POST /book and what it answers."""

import pytest

from booking_lab.core.lease import key
from booking_lab.errors import SoldOut

STRATEGIES = ["none", "pessimistic", "optimistic", "distributed"]


def book(client, seat="A1", customer="c1", **more):
    body = {"event_id": 1, "seat_number": seat, "customer_id": customer, **more}
    return client.post("/book", json=body)


def lock_key(client, anchor):
    """The key of the lock on ``anchor`` in Redis."""
    return key(client.application.extensions["lab"].servers.identity(), "lock", anchor)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_free_seat_is_confirmed_and_a_taken_one_refused(client, strategy):
    switched = client.post("/admin/strategy", json={"strategy": strategy}).json

    first, second = book(client, customer="c1"), book(client, customer="c2")

    assert first.status_code == 201
    assert first.json["status"] == "confirmed"
    assert first.json["strategy"] == strategy
    assert first.json["epoch"] == switched["epoch"]
    assert second.status_code == 409
    assert second.content_type == "application/problem+json"
    assert second.json["status"] == "failed"
    assert second.json["outcome"] == "refused"
    assert second.json["code"] == "seat_taken"
    assert second.json["customer_id"] == "c2"
    seat = client.get("/events/1").json["seats"]["details"][0]
    assert (seat["seat_number"], seat["is_booked"], seat["booked_by"]) == ("A1", True, "c1")
    assert client.get("/admin/audit").json == {
        "consistent": True, "count": 0, "total": 0, "next": None, "findings": [], "silent": [],
        "broken": [],
    }  # fmt: skip


def test_a_booking_may_name_its_own_strategy(client):
    answer = book(client, strategy="optimistic", options={"attempts": 8}).json

    assert answer["strategy"] == "optimistic"
    assert answer["options"]["attempts"] == 8
    assert client.get("/admin/strategy").json["strategy"] == "none"


def test_seats_are_listed_with_and_without_the_booked(client):
    book(client, "B2")

    everything = client.get("/events/1/seats").json["seats"]
    left = client.get("/events/1/seats?available_only=true").json["seats"]

    assert len(everything) == 100
    assert [seat["seat_number"] for seat in everything[:2]] == ["A1", "A2"]
    assert {seat["section"] for seat in everything} == {"VIP", "Standard", "Economy"}
    assert "B2" not in [seat["seat_number"] for seat in left]
    assert len(left) == 99
    numbers = client.get("/events/1").json["seats"]
    assert (numbers["total"], numbers["available"], numbers["booked"]) == (100, 99, 1)


def test_an_answer_carries_the_callers_trace(client):
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    body = {"event_id": 1, "seat_number": "A1", "customer_id": "c1"}

    answer = client.post(
        "/book", json=body, headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    )

    assert answer.json["trace_id"] == trace_id
    assert answer.headers["X-Trace-Id"] == trace_id


def test_a_strategy_that_does_not_write_is_at_fault(make_client, tmp_path):
    (tmp_path / "lazy.py").write_text(
        '"""Does nothing."""\n'
        "from dataclasses import dataclass\n"
        "from booking_lab import Attempt, Strategy\n\n"
        "@dataclass(frozen=True)\n"
        "class Lazy(Strategy):\n"
        "    def book(self, attempt: Attempt) -> None:\n"
        "        pass\n"
    )
    client = make_client(strategy_folders=(str(tmp_path),))

    answer = book(client, strategy="lazy")

    assert answer.status_code == 500
    assert answer.json["code"] == "strategy_fault"
    assert "returned without a committed write" in answer.json["message"]
    assert client.get("/events/1").json["seats"]["booked"] == 0


def test_a_strategy_with_a_bug_ends_its_booking_alone(make_client, tmp_path):
    (tmp_path / "buggy.py").write_text(
        '"""Divides by zero in the middle."""\n'
        "from dataclasses import dataclass\n"
        "from booking_lab import Attempt, Strategy\n\n"
        "@dataclass(frozen=True)\n"
        "class Buggy(Strategy):\n"
        "    def book(self, attempt: Attempt) -> None:\n"
        "        with attempt.transaction():\n"
        "            attempt.write(attempt.decide(attempt.read()))\n"
        "            1 / 0\n"
    )
    client = make_client(strategy_folders=(str(tmp_path),))

    answer = book(client, strategy="buggy")

    assert answer.status_code == 500
    assert answer.json["code"] == "strategy_fault"
    assert client.get("/events/1").json["seats"]["booked"] == 0
    assert book(client).status_code == 201


@pytest.mark.parametrize(
    ("kind", "path", "body"),
    [
        ("seats", "/book", {"event_id": 1, "seat_number": "A1", "customer_id": "ann"}),
        ("seats", "/admin/race", {"event_id": 1, "seat_number": "A1", "customers": 2}),
        ("tickets", "/book/unsafe", {"event_id": 1, "user_email": "ann", "quantity": 1}),
    ],
)
def test_the_short_forms_book_by_the_workload_that_is_registered(
    quick, monkeypatch, kind, path, body
):
    def decide(_state, _request):
        raise SoldOut("so says the registered one")

    registered = quick.application.extensions["lab"].workloads.get(kind)
    monkeypatch.setattr(registered, "decide", decide)

    assert "so says the registered one" in quick.post(path, json=body).json["detail"]


STRANGE = '''
from dataclasses import dataclass
from booking_lab import Attempt, Refused, Strategy

class Full(Refused):
    code, status, outcome = "full", "full to the brim", "full"

@dataclass(frozen=True)
class Strange(Strategy):
    """Refuses everybody in words of its own."""

    def book(self, attempt: Attempt) -> None:
        raise Full("No room.")
'''


def test_an_error_of_a_plugin_is_answered_as_the_lab_s_that_it_is_made_from(make_client, tmp_path):
    (tmp_path / "strange.py").write_text(STRANGE)
    client = make_client(strategy_folders=(str(tmp_path),))

    answer = book(client, "A1", strategy="strange")

    assert (answer.status_code, answer.json["outcome"]) == (409, "refused")
    assert (answer.json["code"], answer.json["detail"]) == ("full", "No room.")
