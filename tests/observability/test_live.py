"""Dashboards and rules against a lab that runs: every name exists, every panel has data."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

from booking_lab.core.booking import Outcome
from booking_lab.stack import running as lab_of_its_own
from tests.ports import free_ports

from . import queries
from .processes import program, running, wait_for
from .queries import Named, Query

#: What Prometheus itself adds.
OF_PROMETHEUS = {"up", "ALERTS"}


class Lab(Protocol):
    """The lab that the whole test run shares."""

    url: str


class Client:
    """A user of the lab, as the exercises have them."""

    def __init__(self, url: str) -> None:
        self.url = url
        #: Who holds it has the seats to themselves.
        self.turn = threading.Lock()
        self.strategies = [s["name"] for s in self.get("/admin/strategies")["strategies"]]

    def get(self, path: str) -> Any:
        return requests.get(self.url + path, timeout=15).json()

    def post(self, path: str, **body: Any) -> Any:
        return requests.post(self.url + path, json=body, timeout=30).json()

    def reset(self) -> None:
        requests.post(f"{self.url}/admin/reset", params={"event_id": 1}, timeout=15)

    def book(self, seat: str, strategy: str, customer: str, **options: Any) -> Any:
        return self.post(
            "/book",
            event_id=1,
            seat_number=seat,
            customer_id=customer,
            strategy=strategy,
            options=options,
        )

    def crowd(self, strategy: str, row: str) -> None:
        """Four customers for the same two seats of a row, then a look at what is left."""
        seats = [f"{row}{number}" for number in (1, 1, 2, 2)]
        with ThreadPoolExecutor(len(seats)) as customers:
            list(customers.map(lambda seat: self.book(seat, strategy, "crowd"), seats))
        self.get("/events/1")

    def round(self) -> None:
        """Every strategy once, each on a row of its own; then all seats are free again."""
        with self.turn:
            for strategy, row in zip(self.strategies, "ABCDEFGHIJ", strict=False):
                self.crowd(strategy, row)
            self.reset()


@pytest.fixture(scope="module")
def client(live_lab: Lab) -> Iterator[Client]:
    """A client; what it switches is switched back at the end."""
    client = Client(live_lab.url)
    before, think = client.get("/admin/strategy"), client.get("/admin/think-time")
    yield client
    client.reset()
    client.post("/admin/strategy", strategy=before["strategy"], options=before["options"])
    client.post("/admin/think-time", think_time_ms=think["think_time_ms"])


def test_counters_begin_at_zero() -> None:
    # A counter that appears with its first booking, or first ten, has not risen for Prometheus:
    # the first race after a start would be on no panel.
    with lab_of_its_own(workers=1) as lab:
        scraped = requests.get(f"{lab.url}/metrics", timeout=15).text
        strategies = Client(lab.url).strategies
    values = {
        (sample.name, sample.labels.get("strategy"), sample.labels.get("status")): sample.value
        for family in text_string_to_metric_families(scraped)
        for sample in family.samples
    }
    by_outcome = {("bookings_total", s, o.value) for s in strategies for o in Outcome}
    by_strategy = {
        (name, strategy, None)
        for strategy in strategies
        for name in (
            "booking_duration_seconds_count",
            "booking_step_duration_seconds_count",
            "lock_wait_seconds_count",
            "lock_hold_seconds_count",
            "lock_contentions_total",
            "optimistic_retries_total",
        )
    }
    assert {key for key in by_outcome | by_strategy if values.get(key) != 0} == set()


def lose_a_lease(client: Client) -> None:
    """A booking that thinks for longer than its lease lasts finds it gone at the end."""
    client.post("/admin/think-time", think_time_ms=300)
    client.book("J10", "distributed", "late", ttl=0.1)


def test_every_metric_and_label_asked_for_is_there(client: Client) -> None:
    lose_a_lease(client)
    client.post("/admin/think-time", think_time_ms=20)
    client.reset()
    for strategy in client.strategies:
        assert client.post("/admin/strategy", strategy=strategy)["new_strategy"] == strategy
        client.post("/admin/race", event_id=1, seat_number="J1", customers=4)
        client.reset()
    client.round()
    scraped = requests.get(f"{client.url}/metrics", timeout=15).text
    offered = {
        Named(sample.name, label)
        for family in text_string_to_metric_families(scraped)
        for sample in family.samples
        for label in ("", *sample.labels)
    }
    asked = {
        (name, str(query))
        for query in (*queries.of_panels(), *queries.of_annotations(), *queries.of_rules())
        for name in queries.named(query.expression)
        if name.metric not in OF_PROMETHEUS
    }
    assert len(asked) > 100
    assert {(name, where) for name, where in asked if name not in offered} == set()


class Prometheus:
    """The answers of a Prometheus that runs."""

    def __init__(self, url: str) -> None:
        self.url = url

    def api(self, path: str, **parameters: str) -> Any:
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=10).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def series(self, expression: str) -> list[dict[str, str]]:
        """The labels of the series that have a value: NaN, of no bookings, is none."""
        result = self.api("query", query=expression)["result"]
        return [s["metric"] for s in result if not math.isnan(float(s["value"][1]))]

    def values(self, expression: str) -> dict[str, float]:
        """What an expression says of each strategy."""
        result = self.api("query", query=expression)["result"]
        return {one["metric"].get("strategy", ""): float(one["value"][1]) for one in result}


def configuration(target: str) -> str:
    """The project's own configuration, for one address and for a test's patience."""
    loaded = yaml.safe_load((queries.ROOT / "prometheus" / "prometheus.yml").read_text())
    # Not every second: the workers count their lines as well, and are several times as slow so.
    loaded["global"] = dict.fromkeys(loaded["global"], "2s")
    loaded["rule_files"] = [str(path) for path in queries.RULES]
    (job,) = loaded["scrape_configs"]
    del job["dns_sd_configs"]
    job["static_configs"] = [{"targets": [target]}]
    return yaml.safe_dump(loaded)


@pytest.fixture(scope="module")
def prometheus(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus with the project's rules, scraping the lab while bookings are made."""
    path, port = program("prometheus", "prometheus"), free_ports()
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text(configuration(urlsplit(client.url).netloc))
    command = [
        path,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    log = folder / "log"
    with running(command, log), bookings(client):
        server = Prometheus(f"http://127.0.0.1:{port}")
        wait_for("Prometheus", 30, lambda: answers(f"{server.url}/-/ready"), log)
        yield server


def answers(url: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(url, timeout=5).status_code == 200
    return False


@contextlib.contextmanager
def bookings(client: Client) -> Iterator[None]:
    """A small crowd that books until the block ends."""
    over = threading.Event()
    failures: list[Exception] = []

    def book() -> None:
        try:
            # Prometheus looks every two seconds: who books all the time shows it nothing more.
            while not over.wait(0.5):
                client.round()
        except Exception as failure:
            failures.append(failure)

    crowd = threading.Thread(target=book)
    crowd.start()
    try:
        yield
    finally:
        over.set()
        crowd.join()
    assert not failures


def test_every_panel_has_data(prometheus: Prometheus) -> None:
    missing: set[Query] = set()

    def all_have_data() -> bool:
        missing.clear()
        missing.update(query for query in queries.of_panels() if not has_data(query))
        return not missing

    def has_data(query: Query) -> bool:
        series = prometheus.series(query.expression)
        # Labels that the legend shows, too: without them a line has no name.
        return any(query.legend <= labels.keys() for labels in series)

    try:
        wait_for("every panel", 60, all_have_data)
    except AssertionError:
        pytest.fail(f"without data: {sorted(map(str, missing))}")


def test_the_table_shows_the_strategies_that_ran_and_whole_numbers(
    client: Client, prometheus: Prometheus
) -> None:
    # Each has a row of seats in a round; the others have not booked since Prometheus is here.
    ran = {name for name, _ in zip(client.strategies, "ABCDEFGHIJ", strict=False)}
    assert ran < set(client.strategies)
    columns = [q for q in queries.of_panels() if q.where.startswith("strategies: Strategies ")]
    assert len(columns) == 14

    def all_ran() -> bool:
        bookings = prometheus.values(columns[3].expression)
        return bookings.keys() == ran and min(bookings.values()) > 0

    wait_for("each strategy of a round", 60, all_ran)
    for column in columns:
        assert prometheus.values(column.expression).keys() <= ran, column
    for column in columns[3:12]:
        numbers = prometheus.values(column.expression)
        assert numbers.keys() == ran, column
        assert all(number == int(number) for number in numbers.values()), column


def test_every_rule_is_evaluated_without_error(prometheus: Prometheus) -> None:
    def rules() -> list[dict[str, Any]]:
        return [rule for group in prometheus.api("rules")["groups"] for rule in group["rules"]]

    wait_for("all rules evaluated", 30, lambda: all(r["health"] != "unknown" for r in rules()))
    assert {rule["name"]: rule.get("lastError", "") for rule in rules()} == {
        rule.get("record") or rule["alert"]: "" for rule in queries.rules()
    }
    for name in queries.recorded():
        wait_for(name, 30, lambda name=name: bool(prometheus.series(name)))  # type: ignore[misc]


def test_annotations_are_understood(prometheus: Prometheus) -> None:
    for query in queries.of_annotations():
        prometheus.api("query", query=query.expression)


def test_a_double_booking_raises_the_alarm_and_a_reset_ends_it(
    client: Client, prometheus: Prometheus
) -> None:
    def firing() -> set[str]:
        alerts = prometheus.api("alerts")["alerts"]
        return {a["labels"]["alertname"] for a in alerts if a["state"] == "firing"}

    with client.turn:  # no reset meanwhile
        client.reset()
        wait_for("no alert", 30, lambda: "DoubleBookings" not in firing())
        client.post("/admin/race", event_id=1, seat_number="J9", customers=4, strategy="none")
        wait_for("the alert", 30, lambda: "DoubleBookings" in firing())
