"""What `booking-lab check` says of the history, and what of it is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from booking_lab.cli._exit_codes import ExitCode
from booking_lab.core.strategy import Anomaly
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from tests.fault_run.places import Place

#: Seconds that the check may take, and states that it may look at among the answers of one place.
_WITHIN = 900.0
_BUDGET = 50_000

_registry = Registry([SHIPPED])


def objections(database_url: str, history: Path, places: Sequence[Place]) -> list[str]:
    """Return what the check finds wrong, but for what strategies say of themselves under faults."""
    command = Path(sys.executable).with_name("booking-lab")
    options = ["--database", database_url, "--json", "--budget", str(_BUDGET)]
    try:
        done = subprocess.run(
            [command, "check", history, *options],
            capture_output=True, text=True, timeout=_WITHIN, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return [f"booking-lab check: not done within {_WITHIN:g} s"]
    if done.returncode not in (ExitCode.DONE, ExitCode.WRONG, ExitCode.NOTHING):
        return [f"booking-lab check: exit code {done.returncode} {done.stdout} {done.stderr}"]
    report = json.loads(done.stdout)
    many, compared = report["checked"], report["database"].get("compared", 0)
    print(
        f"booking-lab check: exit code {done.returncode}; {many} answers checked, {compared} "
        f"compared with the database",
        flush=True,
    )
    found = [] if many and compared else ["nothing was checked"]
    found += [json.dumps(one)[:2000] for one in _wrong(report, places)]
    return [f"booking-lab check: {one}" for one in found]


def _wrong(report: dict[str, Any], places: Sequence[Place]) -> Iterator[dict[str, Any]]:
    """What is wrong in a report; what is declared is printed."""
    for one in report["problems"]:
        if not declared(one):
            yield one
        else:
            print(f"  {one['kind']}, as its strategy says of faults: {one['anchors']}", flush=True)
    strategies = {(place.kind, str(place.scope)): place.strategy for place in places}
    for one in report["undecided"]:
        # Where refusals may be wrong and outcomes are unknown, there can be too many orders to
        # look at. The books were compared all the same.
        if _lets_through(strategies[one["workload"], one["scope"]], Anomaly.REFUSED_WHILE_FREE):
            print(f"  not decided: {one['anchors']}", flush=True)
        else:
            yield one
    yield from report["database"].get("disagreements", [])


def declared(problem: dict[str, Any]) -> bool:
    """Whether a strategy says of itself that it lets this through under faults."""
    stuck = next(one for one in problem["operations"] if one["process"] == problem["stuck"])
    return _lets_through(stuck["strategy"], problem["kind"])


def _lets_through(strategy: str, anomaly: str) -> bool:
    return anomaly in _registry.get(strategy).strategy_class.allows_under_faults
