"""Switch, think time, reset, stats, token."""

import pytest

from tests.web.test_booking import STRATEGIES, book


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
    assert entries["none"]["allows"] == ["double booking", "lost update"]
    assert entries["pessimistic"]["allows"] == []
    assert entries["distributed"]["needs"] == ["redis"]
    [attempts] = [o for o in entries["optimistic"]["options"] if o["name"] == "attempts"]
    assert (attempts["type"], attempts["default"], attempts["minimum"]) == ("integer", 5, 1)


def test_reset_frees_seats_and_forgets(client, eventually):
    book(client, customer="c1")
    book(client, customer="c2")
    eventually(lambda: client.get("/admin/stats").json["totals"]["total"] == 2)

    answer = client.post("/admin/reset?event_id=1").json

    assert answer["cleared"] == 1
    assert client.get("/events/1").json["seats"]["available"] == 100
    assert set(client.get("/admin/stats").json["totals"].values()) == {0}
    assert book(client).status_code == 201


def test_stats_come_from_rows_of_every_outcome(client, eventually):
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
