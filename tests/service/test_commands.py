"""The commands that measure, as a user types them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from booking_lab import Anomaly
from booking_lab.cli.main import main
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
        entry.name: "wrong" if Anomaly.DOUBLE_BOOKING in entry.strategy_class.allows else "safe"
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
def test_the_benchmark_holds_bookings_against_the_service_and_pgbench(tmp_path, monkeypatch):
    file = tmp_path / "figures.json"
    # What the lab doesn't ship is not in the matrix, so it needn't be explored.
    (tmp_path / "own.py").write_text((SHIPPED / "none.py").read_text())
    monkeypatch.setenv("BOOKING_LAB_STRATEGIES", str(tmp_path))

    printed = run(
        "bench", "--seconds", 1, "--rounds", 2, "--strategy", "own", "--strategy", "atomic",
        "--part", "bookings", "--part", "reads", "--json", file, timeout=280,
    )  # fmt: skip

    assert "GET /events/1: p95" in printed
    figures = json.loads(file.read_text())
    assert figures.keys() == {"bookings", "reads"}
    assert figures["reads"]["waiting"] == 25
    for target in figures["bookings"]["targets"]:
        assert target["strategies"].keys() == {"own", "atomic"}
        assert len(target["pgbench"]) == (2 if target["target"] == "many seats" else 0)
        for rounds in (target["health"], *target["strategies"].values()):
            for one in rounds:
                assert one["load"]["per_second"] > 0
                assert one["load"]["p99_ms"] > 0
                assert one["load"]["other"] == 0
                assert one["cpu_us"]["workers"] > 0
                assert 0 < one["load"]["own_cpu"] < 1
    [_, hot] = figures["bookings"]["targets"]
    assert all(one["load"]["confirmed"] == 0 for one in hot["strategies"]["atomic"])  # warmed up


def test_the_benchmark_measures_waiting_thinking_tracing_and_exploring(tmp_path):
    file = tmp_path / "figures.json"
    parts = ("counter", "thinking", "traced", "explorer")
    printed = run(
        "bench", "--seconds", 1, "--rounds", 1, "--strategy", "pessimistic", "--strategy", "queue",
        "--json", file, *(one for part in parts for one in ("--part", part)), timeout=280,
    )  # fmt: skip

    figures = json.loads(file.read_text())
    assert tuple(figures) == parts
    counter = figures["counter"]
    assert counter["pgbench"].keys() == {"clients", "single"}
    for where in ("in_process", "over_http"):
        assert counter[where].keys() == {"pessimistic", "queue"}
        assert all(one["per_second"] > 0 for [one] in counter[where].values())
    assert all(0 < share < 1.1 for [share] in figures["thinking"].values())
    assert figures["traced"].keys() == {"off", "1 %", "all"}
    assert all(rate > 0 for [rate] in figures["traced"].values())
    assert figures["explorer"]["per_second"] > 0
    assert "schedules/s (none on seats" in printed


def test_the_benchmark_says_that_it_needs_k6(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    ended = CliRunner().invoke(main, ["bench"])
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1), ended.output
    assert "pip install 'booking-lab[load]'" in ended.output
