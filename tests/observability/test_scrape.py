"""A scrape stays small and quick, whatever was booked, and shows what went wrong in between."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from booking_lab.config import UPPER_BOUNDS
from booking_lab.conformance.waiting import eventually
from booking_lab.db.connector import Connector
from booking_lab.stack import RunningLab
from tests.uncounted import running_uncounted

#: A tenth of prometheus.yml's scrape_timeout.
SECONDS = 0.4
BYTES = 200_000

SLOT = {
    "tenant_id": 1, "branch_id": 1, "resource_id": 1, "service_id": 1,
    "starts_at": "2030-01-07T09:00:00Z", "ends_at": "2030-01-07T10:00:00Z",
}  # fmt: skip
THINGS = (
    {"kind": "seats", "event_id": 1, "seats": ["A1"]},
    {"kind": "tickets", "event_id": 1, "quantity": 1},
    {"kind": "slots", **SLOT},
)
SOME_ID = "5b1b0c1e-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    """A lab with every strategy, also those that are broken on purpose."""
    with running_uncounted(workers=2, shelf=True, log_level="ERROR") as lab:
        requests.post(f"{lab.url}/admin/think-time", json={"think_time_ms": 0}, timeout=10)
        yield lab


def get(lab: RunningLab, path: str) -> Any:
    return requests.get(lab.url + path, timeout=10).json()


def scrape(lab: RunningLab) -> str:
    return requests.get(f"{lab.url}/metrics", timeout=10).text


def values(lab: RunningLab, name: str) -> dict[str, float]:
    """A metric's values by workload."""
    return {
        sample.labels.get("workload", ""): sample.value
        for family in text_string_to_metric_families(scrape(lab))
        for sample in family.samples
        if sample.name == name
    }


def test_with_everything_booked_and_asked_it_is_small_and_quick(lab: RunningLab) -> None:
    for strategy in get(lab, "/admin/strategies")["strategies"]:
        for thing in THINGS:
            body = {**thing, "customer_id": "c", "strategy": strategy["name"]}
            requests.post(f"{lab.url}/api/bookings", json=body, timeout=20)
    for path, operations in get(lab, "/openapi.json")["paths"].items():
        for method in operations:
            filled = path.replace("{event_id}", "1").replace("{booking_id}", SOME_ID)
            requests.request(method, lab.url + filled, timeout=20)
    times = []
    for _ in range(8):
        begin = time.perf_counter()
        text = scrape(lab)
        times.append(time.perf_counter() - begin)
    assert text.count("booking_duration_seconds_count{") > 60
    assert len(text.encode()) < BYTES
    assert min(times) < SECONDS  # the others are this machine's other work


def counted(lab: RunningLab, name: str, **labels: str) -> float:
    """The value of one series."""
    [value] = [
        sample.value
        for family in text_string_to_metric_families(scrape(lab))
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    ]
    return value


def test_each_booking_is_counted_once_and_by_how_it_ended(lab: RunningLab) -> None:
    by = {"strategy": "pessimistic", "workload": "tickets"}
    names = [("bookings_total", {"status": status}) for status in ("confirmed", "refused")]
    names.append(("booking_duration_seconds_count", {}))
    requests.post(f"{lab.url}/admin/reset?kind=tickets&scope=2", timeout=20).raise_for_status()
    before = [counted(lab, name, **by, **more) for name, more in names]

    for quantity in (4, 5, 6, 1):  # of ten: the third is refused
        body = {"kind": "tickets", "event_id": 2, "quantity": quantity, "customer_id": "c"}
        requests.post(
            f"{lab.url}/api/bookings", json={**body, "strategy": "pessimistic"}, timeout=20
        )

    def risen() -> list[float]:
        now = [counted(lab, name, **by, **more) for name, more in names]
        return [one - other for one, other in zip(now, before, strict=True)]

    # What a booking took is made public a moment after its end.
    eventually(lambda: risen()[2] >= 4)
    assert risen() == [3, 1, 4]


def test_the_last_bucket_lies_beyond_the_longest_wait(lab: RunningLab) -> None:
    waits = [
        option["maximum"]
        for strategy in get(lab, "/admin/strategies")["strategies"]
        for option in strategy["options"]
        if option["name"] == "wait"
    ]
    longest = max(waits) + UPPER_BOUNDS["lock_timeout"] + UPPER_BOUNDS["statement_timeout"]
    bounds: dict[str, set[float]] = {}
    for family in text_string_to_metric_families(scrape(lab)):
        for sample in family.samples:
            if sample.name.endswith("_seconds_bucket"):
                bounds.setdefault(sample.name, set()).add(float(sample.labels["le"]))
    assert len(bounds) == 5
    assert {
        name: max(b for b in of if b != math.inf) >= longest for name, of in bounds.items()
    } == (dict.fromkeys(bounds, True))


def test_double_bookings_are_counted_also_those_that_a_reset_took_away(lab: RunningLab) -> None:
    tickets = {"kind": "tickets", "request": {"event_id": 3, "quantity": 1}, "customers": 12}
    seat = {"event_id": 1, "seat_number": "J9", "customers": 3}
    before = values(lab, "double_bookings_seen_total")
    assert before.keys() == {"seats", "slots", "tickets"}
    for body, where in ((tickets, "kind=tickets&scope=3"), (seat, "event_id=1")):
        for _ in range(2):
            requests.post(f"{lab.url}/admin/reset?{where}", timeout=20).raise_for_status()
            race = requests.post(
                f"{lab.url}/admin/race", json=body | {"strategy": "none"}, timeout=30
            )
            assert race.json()["anomaly"] in ("oversell", "double booking")
        # Two scrapes see the second one twice, and count it once.
        scrape(lab)
    now = values(lab, "double_bookings_seen_total")
    assert {name: now[name] - before[name] for name in now} == {
        "seats": 2,
        "slots": 0,
        "tickets": 2,
    }
    assert values(lab, "double_bookings")["seats"] == 1
    for where in ("kind=tickets&scope=3", "event_id=1"):
        requests.post(f"{lab.url}/admin/reset?{where}", timeout=20).raise_for_status()
    assert values(lab, "double_bookings_seen_total") == now
    assert set(values(lab, "double_bookings").values()) == {0}


def test_a_database_that_does_not_answer_costs_its_own_gauges_alone(lab: RunningLab) -> None:
    with Connector(lab.database_url).session() as session:
        session.begin(None)
        session.execute("LOCK TABLE ticket_events IN ACCESS EXCLUSIVE MODE")
        begin = time.perf_counter()
        text = scrape(lab)
        took = time.perf_counter() - begin
        session.rollback()
    assert took < 4, "Prometheus would have given up"
    assert "bookings_total{" in text
    assert "double_bookings{" not in text
    deadline = time.monotonic() + 10
    while "double_bookings{" not in scrape(lab):
        assert time.monotonic() < deadline
