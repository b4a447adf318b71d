"""The matrix: every strategy on every workload, with and without anything going wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from booking_lab.core.capability import Capability, offered
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.errors import ConfigurationError
from booking_lab.explorer.explore import Exploration, Place, Plan, explore
from booking_lab.explorer.nemesis import NEMESES
from booking_lab.explorer.schedule import written
from booking_lab.explorer.search import Exhaustive
from booking_lab.registry import Entry, Registry

#: What the last run found; written by `booking-lab matrix`.
FILE = Path(__file__).resolve().parent.parent / "matrix.json"

#: Between these lines, a document shows the table.
MARKS = ("<!-- matrix -->", "<!-- /matrix -->")

#: An exploration that would take more schedules is cut to those with few preemptions.
MOST, _PREEMPTIONS = 1500, 2
#: If something goes wrong besides, all are cut. Every mistake that the lab knows shows with one.
_PREEMPTIONS_UNDER_FAULTS = 1
#: So many schedules are run before it is estimated how many there are. Depth first, the first few
#: tell little: the estimate comes from the share of one branch.
_SAMPLE = 60


@dataclass
class Cell:
    """What was found of one strategy on one workload, all its scenarios and placements together.

    Attributes:
        strategy: the strategy's name.
        workload: the workload's name.
        nemesis: what could go wrong; empty: nothing.
        schedules: how many schedules were run.
        bad: how many of them had anything wrong.
        anomalies: how many had this kind of wrong.
        schedule: the shortest bad one; empty: there was none.
        complete: whether these were all schedules, and not only those with few preemptions.
    """

    strategy: str
    workload: str
    nemesis: str = ""
    schedules: int = 0
    bad: int = 0
    anomalies: Counter[str] = field(default_factory=Counter)
    schedule: str = ""
    complete: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """Tells it from all others."""
        return self.strategy, self.workload, self.nemesis

    def add(self, found: Exploration) -> None:
        """Count what was found of one scenario."""
        self.schedules += found.schedules
        self.bad += found.bad
        self.anomalies.update(found.anomalies)
        self.complete = self.complete and found.complete
        if found.worst and (not self.schedule or len(found.worst.schedule) < self._length):
            self.schedule = written(found.worst.schedule)

    @property
    def _length(self) -> int:
        return len(self.schedule.split())


def cells(
    registry: Registry, workloads: Sequence[LabWorkload], nemeses: Sequence[str]
) -> Iterator[Cell]:
    """Return the cells to fill; a strategy that can't take a workload has none there.

    Args:
        registry: the strategies.
        workloads: the workloads.
        nemeses: what shall go wrong, one at a time; an empty name: nothing.
    """
    for entry in registry.entries():
        for workload in workloads:
            if not _lacking(entry, workload):
                for nemesis in nemeses:
                    if nemesis not in {"expiry", "flush"} or _outside(entry):
                        yield Cell(entry.name, workload.name, nemesis)


def fill(cell: Cell, place: Place, registry: Registry, workload: LabWorkload) -> Cell:
    """Explore what the cell is about; return it filled."""
    entry = registry.get(cell.strategy)
    chooses = Capability.CHOICE in entry.kind.needs
    for scenario in workload.contests(2):
        if scenario.open and not chooses:
            continue
        nemeses = (cell.nemesis,) if cell.nemesis else ()
        for workers in (2, 1):
            plan = Plan((entry, entry.make({})), workload, scenario, workers, nemeses)
            found = explored(place, registry, plan)
            cell.add(found)
            if not found.shares_memory:
                break  # then it makes no difference in how many processes the bookers are
    return cell


def explored(place: Place, registry: Registry, plan: Plan) -> Exploration:
    """Explore all schedules; those with few preemptions if they are too many."""
    if plan.nemeses:
        return explore(place, registry, plan, Exhaustive(_PREEMPTIONS_UNDER_FAULTS))

    def go_on(found: Exploration, share: float) -> bool:
        return found.schedules != _SAMPLE or found.schedules <= MOST * share

    found = explore(place, registry, plan, Exhaustive(), go_on)
    return found if found.complete else explore(place, registry, plan, Exhaustive(_PREEMPTIONS))


def save(filled: Sequence[Cell], file: Path = FILE) -> None:
    """Write the cells."""
    in_order = sorted(filled, key=lambda cell: cell.key)
    rows = [{**vars(cell), "anomalies": dict(cell.anomalies)} for cell in in_order]
    lines = ",\n".join(json.dumps(row) for row in rows)
    file.write_text(f'{{"cells": [\n{lines}\n]}}\n')


def load(file: Path = FILE) -> list[Cell]:
    """Read the cells; none if there is no such file yet."""
    if not file.exists():
        return []
    rows: list[dict[str, Any]] = json.loads(file.read_text())["cells"]
    return [Cell(**{**row, "anomalies": Counter(row["anomalies"])}) for row in rows]


def table(filled: Sequence[Cell], workloads: Sequence[str]) -> str:
    """Return the table of strategy, workload and anomaly in Markdown."""
    heads = ["Strategy", *workloads, "when something goes wrong"]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for strategy in dict.fromkeys(cell.strategy for cell in filled):
        of_it = [cell for cell in filled if cell.strategy == strategy]
        plain = {cell.workload: cell for cell in of_it if not cell.nemesis}
        said = [_verdict(plain[name]) if name in plain else "-" for name in workloads]
        lines.append(_line([f"`{strategy}`", *said, _under_faults(of_it)]))
    return "\n".join(lines)


def show(text: str, document: Path) -> None:
    """Put the table between the marks of a document.

    Raises:
        ConfigurationError: there are no marks.
    """
    before, begin, rest = document.read_text().partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not (begin and end):
        raise ConfigurationError(f"{document} has no lines {' and '.join(MARKS)}.")
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def _verdict(cell: Cell) -> str:
    if cell.bad:
        return ", ".join(sorted(cell.anomalies))
    return f"safe in {'all ' if cell.complete else ''}{cell.schedules:,}"


def _under_faults(of_it: Sequence[Cell]) -> str:
    """What faults bring about that is not there without."""
    always = {name for cell in of_it if not cell.nemesis for name in cell.anomalies}
    by_nemesis: Mapping[str, set[str]] = {
        nemesis: {name for cell in of_it if cell.nemesis == nemesis for name in cell.anomalies}
        - always
        for nemesis in NEMESES
    }
    said = [f"{name}: {', '.join(sorted(them))}" for name, them in by_nemesis.items() if them]
    if said:
        return "; ".join(said)
    return "no more than without" if always else "safe"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _lacking(entry: Entry, workload: LabWorkload) -> frozenset[Capability]:
    return entry.kind.needs - offered(workload) - {Capability.REDIS, Capability.QUORUM}


def _outside(entry: Entry) -> frozenset[Capability]:
    return entry.kind.needs & {Capability.REDIS, Capability.QUORUM}
