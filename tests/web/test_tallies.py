"""Figures are the same however much of the ledger is added up, and whatever it has let go of."""

import time

import psycopg2
import pytest

from booking_lab.bench.ledger import fill
from booking_lab.conformance.waiting import eventually
from booking_lab.db import tallies
from booking_lab.db.connector import Connector
from booking_lab.db.pool import Pool
from booking_lab.db.upkeep import Upkeep
from booking_lab.runtime import selection
from tests.web.test_booking import book

TICKETS = {"kind": "tickets", "request": {"event_id": 1, "quantity": 1}, "customers": 12}
SEAT = {"event_id": 1, "customers": 5}


@pytest.fixture
def session(database_url):
    with Connector(database_url).session() as session:
        yield session


@pytest.fixture
def busy(client):
    """A client of a lab in which bookings have met, been refused, and gone wrong."""
    client.post("/admin/think-time", json={"think_time_ms": 0})
    for strategy in ("none", "pessimistic", "optimistic", "atomic"):
        client.post("/admin/race", json=TICKETS | {"strategy": strategy})
        for seat in ("B1", "B2"):
            client.post("/admin/race", json=SEAT | {"seat_number": seat, "strategy": strategy})
        for customer in "abc":
            book(client, "C1", customer, strategy=strategy)
    return client


def figures(client, query=""):
    answer = client.get(f"/admin/stats{query}").json
    assert answer["complete"]
    return answer


def add_up(session, batch):
    return tallies.add_up(session, batch, final_after=0, patience=0)


def attempts(session, condition="true"):
    return session.execute(f"SELECT count(*) FROM attempts WHERE {condition}")[0][0]


def test_they_are_the_same_after_each_batch(busy, session):
    queries = ("", "?kind=seats", "?kind=tickets&scope=1")
    before = [figures(busy, query) for query in queries]
    assert before[0]["totals"]["overlapping"] > 20
    assert before[0]["totals"]["double_booked"] == 3
    assert {one["strategy"] for one in before[0]["by_strategy"]} > {"none", "optimistic"}

    batches = 0
    while add_up(session, batch=9):
        batches += 1
        assert [figures(busy, query) for query in queries] == before

    assert batches == -(-before[0]["totals"]["total"] // 9)
    # Nothing is left to read but what was added up.
    rest = session.execute("SELECT sum(n) FROM tallies WHERE figure = ANY (%(outcomes)s)", {
        "outcomes": ["confirmed", "refused", "conflict", "timeout"]
    })  # fmt: skip
    assert rest == [(before[0]["totals"]["total"],)]
    book(busy, "D1")
    assert figures(busy)["totals"]["total"] == before[0]["totals"]["total"] + 1


def test_a_reset_takes_its_scope_out_of_what_was_added_up(busy, session):
    tickets = figures(busy, "?kind=tickets")
    while add_up(session, batch=1000):
        pass

    busy.post("/admin/reset?event_id=1")

    assert figures(busy, "?kind=seats")["totals"]["total"] == 0
    assert figures(busy, "?kind=tickets") == tickets
    busy.post("/admin/reset?kind=tickets&scope=1")
    assert set(figures(busy)["totals"].values()) == {0}


def test_a_booking_that_commits_late_is_not_missed(busy, session, database_url):
    before = figures(busy)["totals"]["total"]
    late = psycopg2.connect(database_url)
    with late.cursor() as cursor:
        cursor.execute(
            "INSERT INTO attempts (id, workload, scope, subject, action, customer_id, strategy, "
            "options, epoch, generation, outcome, answered, code, tries, waited_ms, held_ms, "
            "total_ms, worker, trace_id, started_at) SELECT gen_random_uuid(), workload, scope, "
            "subject, action, 'late', strategy, options, epoch, generation, 'refused', 'refused', "
            "code, tries, waited_ms, held_ms, total_ms, worker, trace_id, started_at "
            "FROM attempts LIMIT 1"
        )
    book(busy, "E1")
    assert figures(busy)["totals"]["total"] == before + 1  # and so its row is final
    while add_up(session, batch=1000):
        pass
    assert figures(busy)["totals"]["total"] == before + 1

    late.commit()
    late.close()

    assert figures(busy)["totals"]["total"] == before + 2
    while add_up(session, batch=1000):
        pass
    assert figures(busy)["totals"]["total"] == before + 2


def test_what_is_old_goes_and_its_figures_stay(busy, session):
    before, audit = figures(busy), busy.get("/admin/audit").json
    assert not tallies.prune(session, days=0)  # what isn't added up stays
    confirmed = attempts(session, "outcome = 'confirmed'")
    assert attempts(session) == before["totals"]["total"] > confirmed
    while add_up(session, batch=10):
        pass

    assert not tallies.prune(session, days=1)
    assert attempts(session) == before["totals"]["total"]
    batches = 0
    while tallies.prune(session, days=0, batch=10):
        batches += 1

    assert batches > 3
    assert attempts(session) == confirmed
    assert figures(busy) == before
    assert busy.get("/admin/audit").json == audit


def test_the_lab_itself_lets_go_of_what_is_older_than_its_setting(make_client, session):
    client = make_client(ledger_days=0.5)
    for customer in "abc":
        book(client, "A1", customer)
    assert figures(client)["totals"]["total"] == 3
    session.execute("UPDATE attempts SET started_at = started_at - interval '1 day'")

    eventually(lambda: attempts(session) == 1, within=10)

    assert figures(client)["totals"]["total"] == 3
    assert client.get("/admin/audit").json["consistent"]


def test_without_a_setting_nothing_goes_however_old(busy, session, database_url):
    figures(busy)  # all of them are written by then
    while add_up(session, batch=1000):
        pass
    session.execute("UPDATE attempts SET started_at = started_at - interval '9 years'")
    before = attempts(session)

    pool = Pool("keeping", Connector(database_url), 1, timeout=5)
    Upkeep(pool, selection.read, days=0).round()
    pool.close()

    assert attempts(session) == before > attempts(session, "outcome = 'confirmed'")


def test_a_flood_is_answered_at_once_and_said_to_be_incomplete(client, session):
    for rows in fill(session, 150_000):
        assert rows == 150_000
    confirmed = attempts(session, "outcome = 'confirmed'")
    begin = time.monotonic()
    answer = client.get("/admin/stats").json
    assert time.monotonic() - begin < 10  # it reads a bounded part, however busy this machine is
    if not answer["complete"]:  # else it was added up in that time
        assert answer["totals"]["total"] < attempts(session)

    eventually(lambda: client.get("/admin/stats").json["complete"], within=60)

    totals = figures(client)["totals"]
    assert (totals["total"], totals["confirmed"]) == (150_000 + confirmed, confirmed)
    scope = figures(client, "?kind=tickets&scope=1001")["totals"]["total"]
    assert scope == attempts(session, "workload = 'tickets' AND scope = '1001'")
