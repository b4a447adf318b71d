"""The commands that measure, as a user types them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from booking_lab import Anomaly
from booking_lab.crowd.client import Customer
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from tests.uncounted import running_uncounted

BOOKING_LAB = Path(sys.executable).with_name("booking-lab")


def run(*arguments, code=0, timeout=280):
    done = subprocess.run(
        [BOOKING_LAB, *map(str, arguments)], capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_the_demo_prints_one_table_with_the_verdicts():
    printed = run("demo")

    assert "The service answers" in printed  # progress, before the table
    assert "\n  none: wrong: double booking" in printed
    rows = dict(re.findall(r"^(\w+) .* (safe|inconclusive|unknown|wrong) *$", printed, re.M))
    assert rows == promised()
    double = {name: int(re.search(rf"^{name}( +\d+){{3}}", printed, re.M)[1]) for name in rows}
    assert {name for name, many in double.items() if many} == {
        name for name, verdict in rows.items() if verdict == "wrong"
    }


def promised():
    """What each strategy says of itself comes out: there are two workers, and many races."""
    return {
        entry.name: "wrong" if Anomaly.DOUBLE_BOOKING in entry.kind.allows else "safe"
        for entry in Registry([SHIPPED]).entries()
    }


def test_the_demo_fails_when_a_strategy_breaks_its_promise(liars_lab):
    with Customer(liars_lab) as admin:
        # Tickets that others have sold too often are none of the demo's business.
        race = {"kind": "tickets", "request": {"event_id": 1, "quantity": 1}, "customers": 12}
        sold = admin.post("/admin/race", race | {"strategy": "none"})
    assert (sold["verdict"], sold["anomaly"]) == ("wrong", "oversell")

    printed = run("demo", "--url", liars_lab, code=4)

    assert re.search(r"^Not as the strategies promise: liar\.$", printed, re.M)


@pytest.fixture
def liars_lab(tmp_path):
    """A lab with a strategy that promises what it doesn't keep."""
    text = (SHIPPED / "none.py").read_text()
    liar, promises = re.subn(r"^    allows = frozenset\(\n?.*?\)\n", "", text, flags=re.M | re.S)
    assert promises == 1
    (tmp_path / "liar.py").write_text(liar)
    with running_uncounted(
        workers=2, strategy_folders=(str(tmp_path),), log_level="WARNING"
    ) as lab:
        yield lab.url


def test_the_strategies_are_listed_with_their_options():
    printed = run("strategies")

    for entry in Registry([SHIPPED]).entries():
        assert entry.name in printed
        assert entry.summary in printed
    assert "option attempts = 5: tries at most" in printed
    assert "allows: double booking, lost update" in printed


@pytest.mark.timeout(300)  # it explores the strategies on every workload, too
def test_the_benchmark_measures_each_strategy_beside_pgbench(tmp_path, monkeypatch):
    file = tmp_path / "figures.json"
    # What the lab doesn't ship is not in the matrix, so it needn't be explored.
    (tmp_path / "own.py").write_text((SHIPPED / "none.py").read_text())
    monkeypatch.setenv("BOOKING_LAB_STRATEGIES", str(tmp_path))

    printed = run(
        "bench", "--seconds", 1, "--rounds", 2, "--strategy", "own", "--strategy", "atomic",
        "--json", file, timeout=280,
    )  # fmt: skip

    assert "GET /events/1: p95" in printed
    figures = json.loads(file.read_text())
    assert {(row["strategy"], row["place"]) for row in figures["bookings"]} == {
        (strategy, place)
        for strategy in ("own", "atomic")
        for place in ("many seats", "one hot seat")
    }
    for row in figures["bookings"]:
        assert row["per_second"] > 0
        assert row["p99_ms"] > 0
        assert row["pgbench"] > 0
        assert row["confirmed"] > 0
        if row["place"] == "one hot seat" and row["strategy"] != "own":
            assert row["confirmed"] == 1
    assert figures["counter"]["rounds"] == 2
    [counter] = figures["counter"]["strategies"]
    assert counter["strategy"] == "atomic"
    for load in (counter["in_process"], counter["over_http"]):
        assert load["confirmed"] > load["per_second"] > 0  # of both rounds, of a typical one
    assert figures["reads"]["waiting"] == 25
