"""The matrix: the exploration of every strategy on every workload, with and without nemeses."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from booking_lab.core.capability import SERVERS, can_book, why_unsuitable
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.scenario import Scenario
from booking_lab.core.verdict import Verdict
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan, ExplorationServers
from booking_lab.explorer.search.depth import LOCK_NEMESES, THREE_BOOKER_NEMESIS, Depth, for_three
from booking_lab.explorer.search.sampling import SampledSearch
from booking_lab.explorer.search.schedule import schedule_text
from booking_lab.runtime.strategy_registry import SHIPPED, Registry, StrategyInfo

_PACKAGE = Path(__file__).resolve().parents[2]

#: What the last run found; written by `booking-lab matrix`.
FILE = Path(__file__).with_name("matrix.json")

#: The code that decides on the results, in addition to the strategies. The output is not included.
_RESTS_ON = (
    *("checker", "core", "db", "explorer", "locks", "observers", "workloads"),
    *("errors.py", "plugins.py", "runtime/engine.py", "runtime/in_flight.py"),
    *("runtime/selection.py", "runtime/session_provider.py", "runtime/strategy_registry.py"),
)


#: All schedules of two bookers are run if there are at most this number. Otherwise only those with
#: one preemption are run, which show nearly every mistake that the lab knows. The plainest
#: scenario, in which both want the same thing, is run with two preemptions.
MOST = 100
_TWO = Depth(1, 60)
_PLAINEST = Depth(2, 150)
#: Scenarios of three bookers, and all with a nemesis, have these limits from the start. A third
#: booker needs one more preemption.
_THREE = Depth(2, 60)
_THREE_WITHOUT_LOCKS = Depth(2, 600)
#: The tolerance for the estimate after the first schedule: it may be too high by this factor.
_DOUBT = 2


@dataclass
class MatrixCell:
    """The result for one strategy on one workload, over all scenarios and numbers of processes.

    Attributes:
        strategy: the name of the strategy.
        workload: the name of the workload.
        nemesis: the name of the nemesis; empty: none.
        schedules: the number of schedules that were run.
        three: the number of them with three bookers; all others have two.
        scenarios: the number of scenarios of two bookers.
        actions: the actions of the bookers: book, move, cancel.
        bad: the number of schedules with findings.
        anomalies: the number of schedules with each anomaly.
        schedule: the shortest bad one; empty: there was none.
        complete: whether all schedules of two bookers were run, with any number of preemptions.
        serialised: the number of schedules in which bookers that share nothing waited for each
            other or conflicted.
    """

    strategy: str
    workload: str
    nemesis: str = ""
    schedules: int = 0
    bad: int = 0
    anomalies: Counter[str] = field(default_factory=Counter)
    schedule: str = ""
    complete: bool = True
    three: int = 0
    scenarios: int = 0
    actions: list[str] = field(default_factory=list)
    serialised: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """The key of the cell."""
        return self.strategy, self.workload, self.nemesis

    @property
    def verdict(self) -> Verdict:
        """The verdict on the schedules that were run."""
        if not self.schedules:
            return Verdict.INCONCLUSIVE
        return Verdict.WRONG if self.bad else Verdict.SAFE

    def add(self, found: Exploration, scenario: Scenario) -> None:
        """Add the findings of one scenario."""
        self.schedules += found.schedules
        if len(scenario.requests) == 2:
            self.complete = self.complete and found.complete
        else:
            self.three += found.schedules
        self.actions = sorted({*self.actions, *(one.action for one in scenario.requests)})
        self.bad += found.bad
        self.anomalies.update(found.anomalies)
        self.serialised += found.serialised
        if found.worst and (not self.schedule or len(found.worst.schedule) < self._length):
            self.schedule = schedule_text(found.worst.schedule)

    @property
    def _length(self) -> int:
        return len(self.schedule.split())


def empty_cells(
    registry: Registry, workloads: Sequence[LabWorkload], nemeses: Sequence[str]
) -> Iterator[MatrixCell]:
    """Yield the cells to explore; there is none for a strategy that can't book a workload.

    Args:
        registry: the strategies.
        workloads: the workloads.
        nemeses: the names of nemeses, one for each cell; an empty name: none.
    """
    for entry in registry.entries():
        for workload in workloads:
            if not why_unsuitable(entry.strategy_class.needs, workload):
                for nemesis in nemeses:
                    if nemesis not in LOCK_NEMESES or entry.strategy_class.needs & SERVERS:
                        yield MatrixCell(entry.name, workload.name, nemesis)


def explore_cell(
    cell: MatrixCell, servers: ExplorationServers, registry: Registry, workload: LabWorkload
) -> MatrixCell:
    """Explore a cell, and return it with the result."""
    entry = registry.get(cell.strategy)
    nemeses = (cell.nemesis,) if cell.nemesis else ()
    two = _scenarios(entry, workload, 2)
    cell.scenarios = len(two)
    for scenario in (*two, *for_three(_scenarios(entry, workload, 3))):
        for workers in (len(scenario.requests), 1):
            plan = ExplorationPlan((entry, entry.create({})), workload, scenario, workers, nemeses)
            found = explore_plan(servers, registry, plan)
            cell.add(found, scenario)
            if not found.shares_memory:
                break  # then the number of processes makes no difference
    return cell


def _scenarios(entry: StrategyInfo, workload: LabWorkload, bookers: int) -> list[Scenario]:
    return [one for one in workload.contests(bookers) if can_book(entry.strategy_class.needs, one)]


def explore_plan(
    servers: ExplorationServers, registry: Registry, plan: ExplorationPlan
) -> Exploration:
    """Explore all schedules, or those with few preemptions if there are too many."""
    if len(plan.scenario.requests) > 2:
        depth = _THREE_WITHOUT_LOCKS if THREE_BOOKER_NEMESIS in plan.nemeses else _THREE
        return explore(servers, registry, plan, depth.sample())
    if plan.nemeses:
        return explore(servers, registry, plan, _TWO.sample())

    plainest = plan.scenario.name == plan.workload.contests(2)[0].name
    depth = _PLAINEST if plainest else _TWO
    most = max(MOST, depth.most)
    every = SampledSearch(None, most)

    def go_on(found: Exploration, _share: float) -> bool:
        many = found.schedules
        # An estimate from few schedules is less exact. It is checked at powers of two only, because
        # one of many checks would be too high by chance.
        return many.bit_count() > 1 or every.size <= most * (1 + _DOUBT / many)

    found = explore(servers, registry, plan, every, go_on)
    return found if found.complete else explore(servers, registry, plan, depth.sample())


def save(
    filled: Sequence[MatrixCell], file: Path = FILE, seconds: Mapping[str, float] | None = None
) -> None:
    """Write the cells, the digest of the code, and the seconds of each part."""
    in_order = sorted(filled, key=lambda cell: cell.key)
    rows = [
        {**vars(cell), "anomalies": dict(cell.anomalies), "verdict": cell.verdict}
        for cell in in_order
    ]
    lines = ",\n".join(json.dumps(row) for row in rows)
    about = f'"rests_on": "{digest()}", "seconds": {json.dumps(dict(seconds or {}))}'
    file.write_text(f'{{{about}, "cells": [\n{lines}\n]}}\n')


def digest() -> str:
    """Return the digest of the code that decides on the results: names and texts of its files."""
    found = sha256()
    for name in _RESTS_ON:
        servers = _PACKAGE / name
        for file in sorted(servers.rglob("*.*")) if servers.is_dir() else [servers]:
            if file.suffix in {".py", ".sql"}:
                found.update(f"{file.relative_to(_PACKAGE)}\n".encode() + file.read_bytes())
    for file in sorted(SHIPPED.glob("[!_]*.py")):
        found.update(f"{file.name}\n".encode() + file.read_bytes())
    return found.hexdigest()


def provenance(file: Path = FILE) -> tuple[str, Mapping[str, float]]:
    """Return the digest of the code of the last run, and the seconds of each part."""
    kept: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return kept.get("rests_on", ""), kept.get("seconds", {})


def load(file: Path = FILE) -> list[MatrixCell]:
    """Read the cells; empty if there is no file."""
    if not file.exists():
        return []
    rows: list[dict[str, Any]] = json.loads(file.read_text())["cells"]
    cells = []
    for row in rows:
        row.pop("verdict", None)  # it follows from the rest
        cells.append(MatrixCell(**{**row, "anomalies": Counter(row["anomalies"])}))
    return cells
