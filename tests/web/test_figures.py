"""Figures of a kind and of a scope; workers that don't answer; lists a page at a time."""

import threading
import time

import psycopg2
import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.web.schemas.paging import truncated
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


def test_a_ledger_that_is_being_written_is_not_said_to_be(client, monkeypatch):
    lab = client.application.extensions["lab"]
    go_on, flush = threading.Event(), lab.ledger.flush

    def held(session):
        assert go_on.wait(30)
        flush(session)

    monkeypatch.setattr(lab.ledger, "flush", held)
    try:
        assert client.get("/admin/stats").json["silent"] == [lab.worker]
    finally:
        go_on.set()
    eventually(lambda: client.get("/admin/stats").json["complete"])


def pages(client, path, member):
    """A list of one entry a page, read to its end: the entries, and the total of each page."""
    found, totals, more = [], set(), ""
    while more is not None:
        answer = client.get(f"{path}{'&' if '?' in path else '?'}limit=1{more}").json
        assert len(answer[member]) == min(answer["total"], 1)  # no page behind the last
        found += answer[member]
        totals.add(answer["total"])
        more = answer["next"] and f"&cursor={answer['next']}"
    return found, totals


def test_every_list_is_read_a_page_at_a_time(quick, subtests):
    for seat in ("A1", "A2", "A3"):
        race = {"event_id": 1, "seat_number": seat, "customers": 2, "strategy": "none"}
        assert quick.post("/admin/race", json=race).json["anomaly"] == "double booking"
    for path, member in (
        ("/admin/double-bookings", "double_bookings"),
        ("/admin/violations?kind=seats", "violations"),
        ("/admin/audit?kind=seats&scope=1", "findings"),
        ("/api/bookings?kind=seats", "bookings"),
        ("/events", "events"),
        ("/events/1/seats", "seats"),
        ("/events/1/seats?available_only=true", "seats"),
    ):
        with subtests.test(path):
            everything = quick.get(path).json
            assert everything["next"] is None
            assert everything["total"] == len(everything[member])
            found, totals = pages(quick, path, member)
            assert found == everything[member]
            assert totals == {everything["total"]}
    seats = quick.get("/events/1").json["seats"]
    assert (seats["total"], seats["available"], seats["next"]) == (100, 97, None)
    assert quick.get("/api/bookings?customer_id=customer_1").json["total"] == 3


def test_scopes_are_read_a_page_at_a_time(quick):
    [tickets] = quick.get("/admin/workloads?kind=tickets&limit=2").json["workloads"]
    assert (list(tickets["available"]), tickets["scopes"]) == (["1", "2"], 3)
    more = quick.get(f"/admin/workloads?kind=tickets&cursor={tickets['next']}").json
    assert list(more["workloads"][0]["available"]) == ["3"]


@pytest.mark.parametrize(
    "path", ["/events", "/events/1/seats", "/admin/audit", "/admin/violations", "/admin/workloads"]
)
@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "cursor=", "cursor=-1", "cursor=x"])
def test_a_page_that_there_is_not_is_refused(quick, path, query):
    answer = quick.get(f"{path}?{query}")
    assert (answer.status_code, answer.json["code"]) in (
        (422, "invalid_fields"), (422, "invalid_request"),
    )  # fmt: skip


def test_behind_the_last_page_there_is_nothing(quick):
    answer = quick.get("/events/1/seats?cursor=1000").json
    assert (answer["seats"], answer["total"], answer["next"]) == ([], 100, None)


def test_what_a_crowd_got_is_cut_and_counted():
    entry = {"customers": list(range(1500)), "booking_count": 1500, "detail": "x" * 1500}
    assert truncated(entry) == {
        "customers": list(range(1000)), "booking_count": 1500, "detail": "x" * 1000 + "..."
    }  # fmt: skip
