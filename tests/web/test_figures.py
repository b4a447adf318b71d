"""Figures of a kind and of a scope; workers that don't answer; lists a page at a time."""

import time

import psycopg2
import pytest

from tests.web.test_booking import book

TICKETS = {"kind": "tickets", "event_id": 1, "quantity": 1, "customer_id": "c"}


def totals(client, query=""):
    return client.get(f"/admin/stats{query}").json["totals"]


def test_what_one_kind_and_scope_did_is_not_anothers(quick):
    book(quick, "A1", strategy="pessimistic")
    race = {"kind": "tickets", "request": {"event_id": 1, "quantity": 1}, "customers": 11}
    assert quick.post("/admin/race", json=race | {"strategy": "none"}).status_code == 200
    quick.post("/api/bookings", json=TICKETS | {"event_id": 2, "strategy": "atomic"})

    assert totals(quick)["total"] == 13
    assert totals(quick, "?kind=seats") == {
        "confirmed": 1, "failed": 0, "double_booked": 0, "overlapping": 0, "total": 1
    }  # fmt: skip
    first = totals(quick, "?kind=tickets&scope=1")
    assert (first["confirmed"], first["double_booked"], first["overlapping"]) == (11, 1, 11)
    second = totals(quick, "?kind=tickets&scope=2")
    assert (second["confirmed"], second["double_booked"], second["overlapping"]) == (1, 0, 0)
    assert quick.get("/admin/audit?kind=tickets&scope=2").json["consistent"]
    assert quick.get("/admin/violations?kind=tickets&scope=2").json["violations"] == []
    [found] = quick.get("/admin/violations?kind=tickets&scope=1").json["violations"]
    assert found["scope"] == "1"
    findings = quick.get("/admin/audit?scope=1").json["findings"]
    assert {(one["kind"], one["scope"]) for one in findings} == {("tickets", "1")}


@pytest.mark.parametrize("path", ["stats", "audit", "violations"])
def test_what_there_is_not_has_no_figures(quick, path, subtests):
    for query, status, code in (
        ("kind=train", 422, "unknown_kind"),
        ("kind=seats&scope=9", 404, "not_found"),
        ("scope=nowhere", 404, "not_found"),
        ("scope=", 422, "invalid_fields"),
        ("event_id=1", 422, "invalid_fields"),
    ):
        with subtests.test(query):
            answer = quick.get(f"/admin/{path}?{query}")
            assert (answer.status_code, answer.json["code"]) == (status, code)


def test_a_worker_that_does_not_write_its_ledger_is_named(client, database_url):
    other = psycopg2.connect(database_url)
    other.autocommit = True
    with other.cursor() as cursor:
        cursor.execute(
            "INSERT INTO workers (worker, process_id, drained_epoch) "
            "VALUES ('other/1', pg_backend_pid(), 1)"
        )
    begin = time.monotonic()
    for path in ("stats", "audit"):
        assert client.get(f"/admin/{path}").json["silent"] == ["other/1"]
    assert client.get("/admin/stats").json["complete"] is False
    assert time.monotonic() - begin < 10
    other.close()

    # Gone for good: told once, for what it had not written is lost.
    assert client.get("/admin/stats").json["silent"] == ["other/1"]
    assert client.get("/admin/stats").json["complete"] is True
