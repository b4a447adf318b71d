"""How fast the explorer goes through schedules."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass

from booking_lab.config import Settings
from booking_lab.explorer.matrix import matrix
from booking_lab.explorer.matrix.runner import explore_all
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.sampling import RandomSearch
from booking_lab.explorer.servers import own_servers
from booking_lab.explorer.worker_pool import default_jobs, worker_context, worker_pool
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads

#: So many schedules are drawn by each process.
_DRAWN = 400


@dataclass(frozen=True)
class ExplorerSpeed:
    """What was measured.

    Attributes:
        per_second: schedules a second, on all cores: two bookers of one seat, no protection.
        matrix_seconds: what the strategies on all workloads take, nothing going wrong.
        matrix_schedules: how many schedules that are.
        kept_seconds: what the parts of the whole matrix took when it was made the last time.
    """

    per_second: float
    matrix_seconds: float
    matrix_schedules: int
    kept_seconds: Mapping[str, float]


def run(strategies: Sequence[str]) -> ExplorerSpeed:
    """Measure both, on servers of the explorer's own; the matrix of these strategies, or of all."""
    settings = Settings.from_environment()
    cells = [
        cell
        for cell in matrix.empty_cells(Registry([SHIPPED]), list(Workloads()), [""])
        if not strategies or cell.strategy in strategies
    ]
    rate = _rate(settings)
    began = time.monotonic()
    filled = explore_all(cells, settings)
    lasted = time.monotonic() - began
    _, kept = matrix.provenance()
    return ExplorerSpeed(rate, lasted, sum(cell.schedules for cell in filled), kept)


def _rate(settings: Settings) -> float:
    many = default_jobs()
    with own_servers(settings) as servers, worker_pool(servers, many, settings) as processes:
        # Once unmeasured, so that all of them are there.
        wait([processes.submit(_draw, range(20)) for _ in range(many)])
        began = time.monotonic()
        drawn = [processes.submit(_draw, range(n * _DRAWN, (n + 1) * _DRAWN)) for n in range(many)]
        schedules = sum(one.result() for one in drawn)
        return schedules / (time.monotonic() - began)


def _draw(numbers: range) -> int:
    """Run schedules that are drawn at random, in a process of the crew; return how many."""
    ours = worker_context()
    entry, seats = ours.registry.get("none"), ours.workloads.get("seats")
    plan = ExplorationPlan((entry, entry.make({})), seats, seats.scenarios(2)[0])
    return explore(ours.servers, ours.registry, plan, RandomSearch(numbers, 0), full=True).schedules
