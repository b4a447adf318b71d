"""Double bookings: always without protection, never with it, whatever the number of workers."""

import pytest

from booking_lab.core.strategy import Anomaly, worst
from booking_lab.core.verdict import Verdict
from booking_lab.crowd.client import Customer, run_crowd
from booking_lab.crowd.verdict import overlaps, verdict
from tests.service.crowds import switch

SAFE = ["pessimistic", "optimistic", "distributed"]


def judged(url):
    seats = [f"{row}{number}" for row in "AB" for number in range(1, 6)]
    answers = run_crowd(url, [[seat, *seats[:3]] for seat in seats * 2])
    with Customer(url) as admin:
        audit = admin.get("/admin/audit")
    assert overlaps(answers)
    assert not audit["broken"]
    anomalies = {Anomaly(one["anomaly"]) for one in audit["findings"]}
    # A lucky crowd is safe here: what is judged is this one, whatever the strategy promises.
    silent = bool(audit["silent"])
    return verdict(answers, anomalies, silent=silent, promised=True), worst(anomalies)


@pytest.mark.parametrize("strategy", SAFE)
def test_no_safe_strategy_double_books_with_four_workers(live_lab, strategy):
    switch(live_lab.url, strategy, think_time_ms=20)
    assert judged(live_lab.url) == (Verdict.SAFE, None)


@pytest.mark.parametrize("strategy", SAFE)
def test_no_safe_strategy_double_books_with_three_instances(three_instances, strategy):
    switch(three_instances.url, strategy, think_time_ms=20)
    assert judged(three_instances.url) == (Verdict.SAFE, None)


def test_without_protection_the_crowd_double_books(live_lab, three_instances):
    for lab in (live_lab, three_instances):
        switch(lab.url, "none", think_time_ms=50)
        assert judged(lab.url) == (Verdict.WRONG, Anomaly.DOUBLE_BOOKING)


def test_a_run_without_overlap_is_inconclusive(live_lab):
    switch(live_lab.url, "none", think_time_ms=0)
    answers = run_crowd(live_lab.url, [[f"C{number}" for number in range(1, 11)]])

    assert verdict(answers, [], silent=False, promised=True) is Verdict.INCONCLUSIVE
    assert verdict(answers, [], silent=True, promised=True) is Verdict.UNKNOWN


def test_a_lucky_crowd_is_inconclusive(live_lab):
    switch(live_lab.url, "pessimistic", think_time_ms=20)
    answers = run_crowd(live_lab.url, [["D1"]] * 10)

    assert verdict(answers, [], silent=False, promised=True) is Verdict.SAFE
    assert verdict(answers, [], silent=False, promised=False) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("strategy", "confirmed"), [("none", 10), ("pessimistic", 1)])
def test_the_race_on_demand_is_the_same_every_time(live_lab, strategy, confirmed):
    with Customer(live_lab.url) as admin:
        for _ in range(10):
            switch(live_lab.url, strategy)
            race = admin.post("/admin/race", {"event_id": 1, "seat_number": "A1", "customers": 10})
            assert race["confirmed"] == confirmed
