"""Mixtures: two strategies beside each other, as after a switch, or if a request names one.

A strategy's promises hold if all bookings are under it. Beside another strategy, the result depends
on the locks, comparisons and marks of both. So every pair is explored on every workload.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from booking_lab.core.capability import can_book, why_unsuitable
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.scenario import Scenario
from booking_lab.core.verdict import Verdict
from booking_lab.explorer.matrix import matrix
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan, ExplorationServers
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.explorer.search.schedule import schedule_text
from booking_lab.explorer.search.symmetry import Symmetry
from booking_lab.runtime.strategy_registry import Registry, StrategyInfo

#: The result of the last `booking-lab mixtures --write`.
FILE = Path(__file__).with_name("mixtures.json")
#: The document with the tables, and the lines before and after them.
DOCUMENT, MARKS = "docs/mixtures.md", ("<!-- mixtures -->", "<!-- /mixtures -->")

#: One preemption is enough to show every mistake that the lab knows.
_PREEMPTIONS = 1


@dataclass
class Mixture:
    """Two strategies beside each other on one workload.

    Attributes:
        strategy, beside: the names of the strategies, in alphabetical order.
        workload: the name of the workload.
        schedules: the number of schedules that were run, up to the first bad scenario.
        anomalies: the anomalies that were found.
        under: the strategy of the first booker in the bad scenario; empty: no scenario is bad.
        scenario: the name of the bad scenario.
        schedule: the shortest bad schedule.
    """

    strategy: str
    beside: str
    workload: str
    schedules: int = 0
    anomalies: list[str] = field(default_factory=list)
    under: str = ""
    scenario: str = ""
    schedule: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """The key of the mixture."""
        return self.workload, self.strategy, self.beside

    @property
    def verdict(self) -> Verdict:
        """The verdict on the schedules that were run."""
        if not self.schedules:
            return Verdict.INCONCLUSIVE
        return Verdict.WRONG if self.anomalies else Verdict.SAFE


def empty_mixtures(registry: Registry, workloads: Sequence[LabWorkload]) -> Iterator[Mixture]:
    """Yield the pairs to explore: any two strategies that can book the same workload."""
    for workload in workloads:
        able = [
            one
            for one in registry.entries()
            if not why_unsuitable(one.strategy_class.needs, workload)
        ]
        for one, other in combinations(sorted(entry.name for entry in able), 2):
            yield Mixture(one, other, workload.name)


def explore_mixture(
    mixture: Mixture, servers: ExplorationServers, registry: Registry, workload: LabWorkload
) -> Mixture:
    """Explore a pair up to the first bad scenario; return it with the result."""
    one, other = (registry.get(name) for name in (mixture.strategy, mixture.beside))
    for scenario in workload.contests(2):
        for first, second in _pairs(one, other, scenario):
            if not _explore(mixture, servers, registry, _plan(workload, scenario, first, second)):
                return mixture
    return mixture


def _explore(
    mixture: Mixture, servers: ExplorationServers, registry: Registry, plan: ExplorationPlan
) -> bool:
    """Explore one scenario; return whether no anomaly was found."""
    found = explore(servers, registry, plan, ExhaustiveSearch(_PREEMPTIONS))
    mixture.schedules += found.schedules
    mixture.anomalies = sorted(found.anomalies)
    if found.worst:
        mixture.under, mixture.scenario = plan.strategy[0].name, plan.scenario.name
        mixture.schedule = schedule_text(found.worst.schedule)
    return not mixture.anomalies


def _plan(
    workload: LabWorkload, scenario: Scenario, first: StrategyInfo, second: StrategyInfo
) -> ExplorationPlan:
    strategy, beside = (first, first.create({})), (second, second.create({}))
    return ExplorationPlan(strategy, workload, scenario, beside=beside)


def _pairs(
    one: StrategyInfo, other: StrategyInfo, scenario: Scenario
) -> Iterator[tuple[StrategyInfo, StrategyInfo]]:
    """Yield the strategies of the first and the second booker, in both orders.

    If both bookers have the same request, one order is enough.
    """
    if not all(can_book(entry.strategy_class.needs, scenario) for entry in (one, other)):
        return
    yield one, other
    if not Symmetry.of(scenario.requests, len(scenario.requests)).alike:
        yield other, one


def save(filled: Sequence[Mixture], file: Path = FILE) -> None:
    """Write the mixtures, with the digest of the code."""
    rows = [json.dumps(asdict(one)) for one in sorted(filled, key=lambda one: one.key)]
    about = f'"rests_on": "{matrix.digest()}"'
    file.write_text(f'{{{about}, "mixtures": [\n' + ",\n".join(rows) + "\n]}\n")


def load(file: Path = FILE) -> list[Mixture]:
    """Read the mixtures; empty if there is no file."""
    return [Mixture(**row) for row in _document(file).get("mixtures", [])]


def rests_on(file: Path = FILE) -> str:
    """Return the digest of the code with which the file was made."""
    digest: str = _document(file).get("rests_on", "")
    return digest


def _document(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text()) if file.exists() else {}


def tables(filled: Sequence[Mixture]) -> str:
    """Return the tables of all workloads, in Markdown."""
    workloads = dict.fromkeys(one.workload for one in filled)
    return "\n\n".join(
        _table(name, [o for o in filled if o.workload == name]) for name in workloads
    )


def _table(workload: str, filled: Sequence[Mixture]) -> str:
    names = sorted({name for one in filled for name in (one.strategy, one.beside)})
    lines = [f"### On {workload}", "", "| Strategy | Safe beside | Wrong beside |"]
    lines.append("|---|---|---|")
    for name in names:
        of_it = {
            one.beside if one.strategy == name else one.strategy: one
            for one in filled
            if name in (one.strategy, one.beside)
        }
        good, bad = (
            [other for other in sorted(of_it) if of_it[other].verdict is verdict]
            for verdict in (Verdict.SAFE, Verdict.WRONG)
        )
        lines.append(f"| `{name}` | {_listed(good)} | {_listed(bad)} |")
    return "\n".join(lines)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"
