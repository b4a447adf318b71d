"""The race on demand, and what the checks find after it."""

from types import SimpleNamespace

import psycopg2
import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.core.booking import Outcome
from booking_lab.core.lab_workload import Finding
from booking_lab.core.strategy import Anomaly
from booking_lab.observers.barrier import ReleaseReason
from booking_lab.runtime import race
from tests.web.test_booking import book


@pytest.mark.parametrize("repeat", range(3))
@pytest.mark.parametrize("customers", [2, 10])
def test_without_protection_everybody_is_confirmed(quick, customers, repeat):
    body = {"event_id": 1, "seat_number": "A1", "customers": customers}

    ended = quick.post("/admin/race", json=body).json

    assert ended["confirmed"] == customers
    assert ended["barrier"] == "filled"
    assert (ended["verdict"], ended["anomaly"]) == ("wrong", "double booking")
    assert len(ended["answers"]) == customers


@pytest.mark.parametrize("repeat", range(3))
@pytest.mark.parametrize(
    ("strategy", "barrier"),
    [("pessimistic", "let go"), ("distributed", "let go"), ("optimistic", "filled")],
)
def test_a_safe_strategy_confirms_one(quick, strategy, barrier, repeat):
    body = {"event_id": 1, "seat_number": "A1", "strategy": strategy}

    ended = quick.post("/admin/race", json=body).json

    assert ended["confirmed"] == 1
    assert sum(ended["outcomes"].values()) == 10
    assert ended["barrier"] == barrier
    assert (ended["verdict"], ended["anomaly"]) == ("safe", None)
    assert quick.get("/admin/double-bookings").json["count"] == 0
    assert quick.get("/admin/audit").json["consistent"]


def test_optimistic_bookers_meet_and_retry(quick):
    body = {"event_id": 1, "seat_number": "A1", "customers": 5, "strategy": "optimistic"}

    answers = quick.post("/admin/race", json=body).json["answers"]

    assert sorted(answer["tries"] for answer in answers)[0] == 1
    assert max(answer["tries"] for answer in answers) > 1


def test_with_one_try_losers_end_as_conflicts(quick):
    body = {"event_id": 1, "seat_number": "A1", "customers": 5, "strategy": "optimistic",
            "options": {"attempts": 1}}  # fmt: skip

    assert quick.post("/admin/race", json=body).json["outcomes"] == {"confirmed": 1, "conflict": 4}


def test_double_bookings_say_who_when_and_where(quick):
    quick.post("/admin/race", json={"event_id": 1, "seat_number": "C3", "customers": 3})

    found = quick.get("/admin/double-bookings").json

    assert found["count"] == 1
    [double] = found["double_bookings"]
    assert (double["event_id"], double["seat_number"], double["booking_count"]) == (1, "C3", 3)
    assert sorted(double["customers"]) == ["customer_1", "customer_2", "customer_3"]
    owner = next(
        seat["booked_by"]
        for seat in quick.get("/events/1").json["seats"]["details"]
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
    kinds = {finding["anomaly"] for finding in quick.get("/admin/audit").json["findings"]}
    assert kinds == {"double booking", "lost update"}
    eventually(lambda: quick.get("/admin/stats").json["totals"]["double_booked"] == 1)


def test_a_booked_seat_is_nothing_to_race_for(quick):
    book(quick, "A1")

    answer = quick.post("/admin/race", json={"event_id": 1, "seat_number": "A1"})

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


TICKETS = {"kind": "tickets", "request": {"event_id": 1, "quantity": 1}, "customers": 20}


def available(client, kind):
    found = client.get("/admin/workloads").json["workloads"]
    return next(one["available"] for one in found if one["name"] == kind)


def test_without_protection_ten_tickets_are_sold_to_twenty(quick):
    ended = quick.post("/admin/race", json=TICKETS).json

    assert (ended["kind"], ended["confirmed"], ended["barrier"]) == ("tickets", 20, "filled")
    assert (ended["verdict"], ended["anomaly"]) == ("wrong", "oversell")
    assert available(quick, "tickets")["1"] == -10
    assert "oversell" in {finding["anomaly"] for finding in ended["findings"]}
    assert {answer["details"]["quantity"] for answer in ended["answers"]} == {1}
    [violation] = quick.get("/admin/violations?kind=tickets").json["violations"]
    assert (violation["anomaly"], violation["scope"]) == ("oversell", "1")
    assert quick.get("/admin/violations?kind=seats").json["violations"] == []
    assert quick.get("/admin/stats").json["totals"]["double_booked"] == 1


def test_many_are_confirmed_and_it_is_safe_all_the_same(quick):
    ended = quick.post("/admin/race", json=TICKETS | {"strategy": "pessimistic"}).json

    assert (ended["confirmed"], ended["refused"]) == (10, 10)
    assert (ended["verdict"], ended["findings"]) == ("safe", [])
    assert available(quick, "tickets")["1"] == 0


def test_seats_race_by_kind_as_in_the_short_form(quick):
    body = {"kind": "seats", "request": {"event_id": 1, "seats": ["A1", "A2"]}, "customers": 3}

    ended = quick.post("/admin/race", json=body).json

    assert (ended["anomaly"], ended["confirmed"]) == ("double booking", 3)
    assert {finding["subject"] for finding in ended["findings"]} == {"A1", "A2"}
    # What is wrong with other seats since long is not this race's fault.
    later = body | {"request": {"event_id": 1, "seats": ["B1"]}, "strategy": "pessimistic"}
    ended = quick.post("/admin/race", json=later).json
    assert (ended["verdict"], ended["findings"]) == ("safe", [])


@pytest.mark.parametrize(
    ("strategy", "anomaly"), [("none", "overlap"), ("constraint", None), ("pessimistic", None)]
)
def test_a_slot_is_raced_for(quick, strategy, anomaly):
    slot = {"tenant_id": 1, "branch_id": 1, "resource_id": 1, "service_id": 1,
            "starts_at": "2030-01-07T09:00:00Z", "ends_at": "2030-01-07T10:00:00Z"}  # fmt: skip
    race = {"kind": "slots", "request": slot, "customers": 5, "strategy": strategy}

    ended = quick.post("/admin/race", json=race).json

    assert (ended["anomaly"], ended["confirmed"]) == (anomaly, 5 if strategy == "none" else 1)
    assert ended["verdict"] == ("wrong" if anomaly else "safe")


def test_each_may_get_seats_of_their_own(quick):
    best = {"kind": "seats", "request": {"event_id": 1, "best": 2}, "customers": 4}

    ended = quick.post("/admin/race", json=best | {"strategy": "skip_locked"}).json

    assert (ended["verdict"], ended["confirmed"], ended["findings"]) == ("safe", 4, [])
    assert len({answer["subject"] for answer in ended["answers"]}) == 4


BAD = [
    ({"kind": "train", "request": {}}, 422, "There is no kind of booking 'train'"),
    ({"kind": "tickets"}, 422, "request: Field required"),
    ({"kind": "tickets", "request": {"event_id": 1}}, 422, "request.quantity: Field required"),
    (TICKETS | {"request": TICKETS["request"] | {"customer_id": "c1"}}, 422, "Extra inputs"),
    (TICKETS | {"request": {"event_id": 9, "quantity": 1}}, 404, "There is no event 9"),
    (TICKETS | {"customers": 51}, 422, "customers: Input should be less"),
    (TICKETS | {"strategy": "skip_locked"}, 422, "Tickets can't be booked under skip_locked"),
    ({"kind": "seats", "request": {"event_id": 1, "best": 1}}, 422, "doesn't choose"),
    ({"kind": "seats", "request": {"event_id": 1}}, 422, "name the seats"),
]


def test_a_bad_race_is_refused_before_it_begins(quick, subtests):
    for body, status, reason in BAD:
        with subtests.test(reason):
            answer = quick.post("/admin/race", json=body)
            assert answer.status_code == status
            assert reason in answer.json["detail"]
    assert quick.get("/api/bookings").json["bookings"] == []


def finding(anomaly, subject="A1", detail=""):
    return Finding(anomaly, "1", subject, detail)


@pytest.mark.parametrize(
    ("before", "after", "verdict", "anomaly"),
    [
        ([], [], "safe", None),
        ([], [finding(Anomaly.LOST_UPDATE), finding(Anomaly.OVERSELL)], "wrong", "oversell"),
        ([finding(Anomaly.OVERLAP)], [finding(Anomaly.OVERLAP)], "safe", None),
        ([finding(Anomaly.OVERLAP)], [finding(Anomaly.OVERLAP, detail="more")], "unknown", None),
        ([finding(Anomaly.OVERLAP)], [finding(Anomaly.OVERLAP, "A2")], "wrong", "overlap"),
        ([finding(Anomaly.ORPHAN)], [], "safe", None),
    ],
)
def test_the_verdict_is_about_what_has_become_wrong(before, after, verdict, anomaly):
    confirmed = SimpleNamespace(outcome=Outcome.CONFIRMED)

    ended = race.RaceResult([confirmed], ReleaseReason.FILLED, before, after)

    assert (ended.verdict, ended.anomaly) == (verdict, anomaly)


def test_without_a_confirmed_booking_a_race_shows_nothing():
    refused = SimpleNamespace(outcome=Outcome.REFUSED)

    assert race.RaceResult([refused], ReleaseReason.FILLED, [], []).verdict == "inconclusive"
    confirmed = SimpleNamespace(outcome=Outcome.CONFIRMED)
    assert race.RaceResult([confirmed], ReleaseReason.TIMED_OUT, [], []).verdict == "inconclusive"
