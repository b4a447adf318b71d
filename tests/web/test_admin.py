"""Switch, think time, reset, stats, token."""

import json

import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.runtime.strategy_registry import SHIPPED
from booking_lab.web.routes import strategies
from tests.web.test_booking import STRATEGIES, book

NONE = SHIPPED / "none.py"


def test_the_switch_shows_options_and_counts_epochs(client):
    first = client.get("/admin/strategy").json
    answer = client.post(
        "/admin/strategy", json={"strategy": "optimistic", "options": {"attempts": 8}}
    ).json

    assert answer["old_strategy"] == "none"
    assert answer["new_strategy"] == "optimistic"
    assert answer["options"] == {"attempts": 8, "base": 0.005, "cap": 0.25}
    assert answer["epoch"] == first["epoch"] + 1
    assert answer["drained"] is True
    now = client.get("/admin/strategy").json
    assert (now["strategy"], now["epoch"]) == ("optimistic", answer["epoch"])
    assert now["options"]["attempts"] == 8
    assert book(client, "A1").json["options"] == now["options"]


def test_each_switch_has_its_own_options(client):
    for number, (strategy, sent) in enumerate(
        [("optimistic", {"attempts": 8}), ("optimistic", {"attempts": 9}), ("none", {})], 1
    ):
        body = {"strategy": strategy, "options": sent}
        options = client.post("/admin/strategy", json=body).json["options"]

        assert options.items() >= sent.items()
        assert client.get("/admin/strategy").json["options"] == options
        booked = book(client, f"A{number}").json
        assert (booked["status"], booked["options"]) == ("confirmed", options)
    assert options == {}


def test_the_think_time_is_part_of_the_next_booking(client):
    assert client.post("/admin/think-time", json={"think_time_ms": 0}).json["drained"]
    quick = book(client, "A1").json
    client.post("/admin/think-time", json={"think_time_ms": 80})
    slow = book(client, "A2").json

    assert client.get("/admin/think-time").json["think_time_ms"] == 80
    assert slow["total_ms"] > 80 > quick["total_ms"]


def test_strategies_tell_what_they_are(client):
    answer = client.get("/admin/strategies").json

    entries = {entry["name"]: entry for entry in answer["strategies"]}
    assert set(STRATEGIES) <= set(entries)
    assert answer["broken"] == []
    assert "double booking" in entries["none"]["allows"]
    assert entries["pessimistic"]["allows"] == []
    assert entries["distributed"]["needs"] == ["redis"]
    assert entries["distributed"]["allows"] == []
    assert "double booking" in entries["distributed"]["allows_under_faults"]
    assert entries["layered"]["source"].endswith("/strategies/layered.py")
    assert not any(entry["broken"] for entry in entries.values())
    assert entries["skip_locked"]["kinds"]["seats"] == {"bookable": True, "why": ""}
    assert entries["skip_locked"]["kinds"]["tickets"] == {
        "bookable": False, "why": "there is nothing to choose among"
    }  # fmt: skip
    [attempts] = [o for o in entries["optimistic"]["options"] if o["name"] == "attempts"]
    assert (attempts["type"], attempts["default"], attempts["minimum"]) == ("integer", 5, 1)


def test_what_the_lab_lacks_is_said_of_every_kind(make_client, tmp_path):
    text = NONE.read_text().replace("allows =", "broken = True\n    allows =")
    (tmp_path / "mistaken.py").write_text(text)
    client = make_client(redis_url="", strategy_folders=(str(tmp_path),))

    found = {one["name"]: one for one in client.get("/admin/strategies").json["strategies"]}

    assert found["mistaken"]["broken"]
    assert found["distributed"]["kinds"]["seats"]["why"] == "the lab runs without Redis"
    assert found["redlock"]["kinds"]["tickets"]["why"] == (
        "the lab runs without the servers of Redlock"
    )
    refused = book(client, strategy="distributed")
    assert (refused.status_code, refused.json["code"]) == (422, "unsuitable")


CELL = {"nemesis": "flush", "verdict": "wrong", "schedules": 14, "bad": 12,
        "anomalies": {"oversell": 12}, "schedule": "A:read B:read", "complete": True}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        (None, {}),
        ("{", {}),
        ('{"cells": [{}]}', {}),
        ("[]", {}),
        (
            json.dumps({"cells": [CELL | {"strategy": "none", "workload": "tickets"}]}),
            {"tickets": [CELL]},
        ),
    ],
)
def test_strategies_show_what_the_explorer_found(quick, monkeypatch, tmp_path, table, shown):
    monkeypatch.setattr(strategies, "_MATRIX", tmp_path / "matrix.json")
    if table is not None:
        (tmp_path / "matrix.json").write_text(table)

    found = {one["name"]: one for one in quick.get("/admin/strategies").json["strategies"]}

    assert found["none"]["matrix"] == shown
    assert found["atomic"]["matrix"] == {}


def test_workloads_tell_what_they_are(quick):
    answer = quick.get("/admin/workloads").json

    found = {one["name"]: one for one in answer["workloads"]}
    assert found.keys() >= {"seats", "tickets"}
    assert answer["broken"] == []
    assert found["seats"]["available"] == {"1": 100}
    assert found["seats"]["summary"].startswith("Numbered seats")
    assert "choice" in found["seats"]["capabilities"]
    assert found["seats"]["source"].endswith("/workloads/seats/__init__.py")
    [quantity] = [one for one in found["tickets"]["fields"] if one["name"] == "quantity"]
    assert (quantity["required"], quantity["minimum"], quantity["type"]) == (True, 1, "integer")
    assert not {"id", "replaces", "given_back", "customer_id"} & {
        field["name"] for one in found.values() for field in one["fields"]
    }


def test_a_reset_of_one_kind_leaves_the_others(quick):
    book(quick)
    quick.post("/book/unsafe", json={"event_id": 1, "user_email": "a@b.example", "quantity": 4})

    answer = quick.post("/admin/reset?kind=tickets&scope=1").json

    assert answer == {
        "message": "Scope 1 of tickets is reset; 1 bookings are gone.",
        "kind": "tickets", "scope": "1", "event_id": None, "cleared": 1,
    }  # fmt: skip
    [left] = quick.get("/api/bookings").json["bookings"]
    assert left["kind"] == "seats"
    answer = quick.post("/admin/reset?event_id=1").json
    assert answer.pop("message") == "Event 1 is reset; 1 bookings are gone."
    assert answer == {"kind": "seats", "scope": "1", "event_id": 1, "cleared": 1}


BAD_RESETS = [
    ("", "invalid_request"),
    ("kind=tickets", "invalid_request"),
    ("scope=1", "invalid_request"),
    ("event_id=1&kind=tickets&scope=1", "invalid_request"),
    ("kind=train&scope=1", "unknown_kind"),
    ("kind=tickets&scope=", "invalid_fields"),
    ("kind=tickets&scope=a%00", "invalid_fields"),
    ("kind=tickets&scope=9", "not_found"),
    ("kind=tickets&scope=one", "not_found"),
]


def test_a_bad_reset_clears_nothing(quick, subtests):
    book(quick)
    for query, code in BAD_RESETS:
        with subtests.test(query):
            answer = quick.post(f"/admin/reset?{query}")
            assert (answer.status_code, answer.json["code"]) == (
                404 if code == "not_found" else 422,
                code,
            )
    assert len(quick.get("/api/bookings").json["bookings"]) == 1


def test_reset_frees_seats_and_forgets(client):
    book(client, customer="c1")
    book(client, customer="c2")
    eventually(lambda: client.get("/admin/stats").json["totals"]["total"] == 2)

    answer = client.post("/admin/reset?event_id=1").json

    assert answer["cleared"] == 1
    assert client.get("/events/1").json["seats"]["available"] == 100
    assert set(client.get("/admin/stats").json["totals"].values()) == {0}
    assert book(client).status_code == 201


def test_stats_come_from_rows_of_every_outcome(client):
    for strategy in STRATEGIES:
        client.post("/admin/strategy", json={"strategy": strategy})
        book(client, f"A{STRATEGIES.index(strategy) + 1}", "c1")
        book(client, f"A{STRATEGIES.index(strategy) + 1}", "c2")
    eventually(lambda: client.get("/admin/stats").json["totals"]["total"] == 8)

    stats = client.get("/admin/stats").json

    assert stats["current_strategy"] == "distributed"
    totals = stats["totals"]
    assert (totals["confirmed"], totals["failed"], totals["total"]) == (4, 4, 8)
    assert (totals["double_booked"], totals["overlapping"]) == (0, 0)
    for figures in stats["by_strategy"]:
        assert (figures["confirmed"], figures["refused"], figures["total"]) == (1, 1, 2)
        assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"]


def test_an_orderly_stop_loses_no_row(make_client):
    client = make_client()
    book(client, customer="c1")
    book(client, customer="c2")
    client.application.extensions["lab"].stop()

    again = make_client()

    assert again.get("/admin/stats").json["totals"]["total"] == 2


def test_admin_wants_its_token(make_client):
    client = make_client(admin_token="open sesame")

    for header in ({}, {"Authorization": "Bearer sesame"}, {"Authorization": "open sesame"},
                   {"Authorization": "Bearer öpen"}):  # fmt: skip
        answer = client.get("/admin/strategy", headers=header)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json["code"] == "unauthorized"
    admin = {"Authorization": "Bearer open sesame"}
    assert client.get("/admin/strategy", headers=admin).status_code == 200
    assert book(client).status_code == 201


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_health(client, path):
    assert client.get(path).status_code == 200


def test_a_lab_that_drains_is_not_ready(make_client, tmp_path):
    client = make_client(run_folder=str(tmp_path))
    assert client.get("/ready").status_code == 200

    (tmp_path / "draining").touch()

    assert client.get("/ready").status_code == 503
    assert client.get("/ready").json["draining"] is True
