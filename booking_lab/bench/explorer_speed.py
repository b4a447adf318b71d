"""Measures the speed of the explorer."""

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

#: The number of schedules that each process runs.
_DRAWN = 400


@dataclass(frozen=True)
class ExplorerSpeed:
    """The speed of the explorer.

    Attributes:
        per_second: schedules per second on all cores, for two bookers of one seat under ``none``.
        matrix_seconds: the duration of the matrix without nemeses.
        matrix_schedules: the number of its schedules.
        kept_seconds: the durations of the parts of the whole matrix, when it was made last.
    """

    per_second: float
    matrix_seconds: float
    matrix_schedules: int
    kept_seconds: Mapping[str, float]


def run(strategies: Sequence[str]) -> ExplorerSpeed:
    """Measure the rate, and the matrix of these strategies or of all, on servers of their own."""
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
        # Once without measurement, so that all processes have started.
        wait([processes.submit(_draw, range(20)) for _ in range(many)])
        began = time.monotonic()
        drawn = [processes.submit(_draw, range(n * _DRAWN, (n + 1) * _DRAWN)) for n in range(many)]
        schedules = sum(one.result() for one in drawn)
        return schedules / (time.monotonic() - began)


def _draw(numbers: range) -> int:
    """Run random schedules in a process of the pool; return their number."""
    context = worker_context()
    entry, seats = context.registry.get("none"), context.workloads.get("seats")
    plan = ExplorationPlan((entry, entry.create({})), seats, seats.scenarios(2)[0])
    search = RandomSearch(numbers, 0)
    return explore(context.servers, context.registry, plan, search, full=True).schedules
