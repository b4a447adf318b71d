"""The switch is true everywhere, from the moment that it has answered."""

import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.crowd.client import Customer
from tests.service.crowds import switch


def book(url, seat, customer):
    with Customer(url) as client:
        body = {"event_id": 1, "seat_number": seat, "customer_id": customer}
        return client.call("POST", "/book", body)[1]


@pytest.mark.parametrize("strategy", ["pessimistic", "optimistic", "none"])
def test_every_worker_runs_the_new_strategy_at_once(live_lab, strategy):
    with Customer(live_lab.url) as admin:
        before = admin.get("/admin/strategy")["epoch"]
    answer = switch(live_lab.url, strategy, think_time_ms=0)
    assert answer["drained"] is True
    assert answer["epoch"] > before

    workers = set()
    for number in range(60):
        # A connection each, so that every worker gets some.
        booked = book(live_lab.url, f"A{number % 10 + 1}", f"c{number}")
        assert booked["strategy"] == strategy
        assert booked["epoch"] == answer["epoch"]
        workers.add(booked["worker"])
    assert len(workers) > 1


def test_three_instances_are_one_lab(three_instances):
    urls = list(three_instances.urls.values())
    assert len(urls) == 3

    for asked, strategy in zip(urls, ["optimistic", "none", "pessimistic"], strict=True):
        answer = switch(asked, strategy, think_time_ms=0)
        for url in urls:
            booked = book(url, "B1", "c1")
            assert (booked["strategy"], booked["epoch"]) == (strategy, answer["epoch"])


def test_all_instances_answer_behind_one_port(three_instances):
    instances = set()

    def another() -> bool:
        with Customer(three_instances.url) as client:
            instances.add(client.get("/health")["worker"].partition("/")[0])
        return len(instances) == 3

    eventually(another)
