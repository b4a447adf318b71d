"""How fast the explorer goes through schedules."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from booking_lab.config import Settings
from booking_lab.explorer import matrix
from booking_lab.explorer.explore import Plan, explore
from booking_lab.explorer.filling import fill
from booking_lab.explorer.search import Exhaustive
from booking_lab.explorer.servers import own_servers
from booking_lab.registry import SHIPPED, Registry
from booking_lab.workloads import Workloads

#: The one exploration is short; so often, it can be measured.
_REPEAT = 20


@dataclass(frozen=True)
class Exploring:
    """What was measured.

    Attributes:
        per_second: schedules a second: two bookers of one seat, no protection.
        matrix_seconds: what the strategies on all workloads take, two bookers, nothing going wrong.
        matrix_schedules: how many schedules that are.
    """

    per_second: float
    matrix_seconds: float
    matrix_schedules: int


def run(strategies: Sequence[str]) -> Exploring:
    """Measure both, on servers of the explorer's own; the matrix of these strategies."""
    settings = Settings.from_environment()
    registry, workloads = Registry([SHIPPED]), Workloads()
    cells = [
        cell
        for cell in matrix.cells(registry, list(workloads), [""])
        if cell.strategy in strategies
    ]
    rate = _rate(settings, registry, workloads)
    began = time.monotonic()
    filled = fill(cells, settings)
    return Exploring(rate, time.monotonic() - began, sum(cell.schedules for cell in filled))


def _rate(settings: Settings, registry: Registry, workloads: Workloads) -> float:
    entry, seats = registry.get("none"), workloads.get("seats")
    plan = Plan((entry, entry.make({})), seats, seats.scenarios(2)[0])
    with own_servers(settings) as place:
        began = time.monotonic()
        schedules = sum(
            explore(place, registry, plan, Exhaustive()).schedules for _ in range(_REPEAT)
        )
        return schedules / (time.monotonic() - began)
