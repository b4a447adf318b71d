"""Fills the cells of the matrix, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed

from booking_lab.config import Settings
from booking_lab.explorer import matrix
from booking_lab.explorer.crew import crew, default_jobs, hands
from booking_lab.explorer.matrix import Cell
from booking_lab.explorer.servers import own_servers


def fill(
    todo: Sequence[Cell],
    settings: Settings,
    done: Callable[[Cell], None] = lambda _cell: None,
    jobs: int = 0,
) -> list[Cell]:
    """Explore all of ``todo``; return it in its order.

    Args:
        todo: empty cells.
        settings: whose folders of plug-ins count; the servers are embedded ones in any case.
        done: told of each cell that is filled.
        jobs: in how many processes; 0: as many as keep all cores busy.
    """
    with (
        own_servers(settings) as place,
        crew(place, jobs or default_jobs(), settings) as processes,
    ):
        # Those that took long the last time first, so that no process is left with a long one.
        known = {cell.key: cell.schedules for cell in matrix.load()}
        order = sorted(todo, key=lambda cell: -known.get(cell.key, 0))
        filled = {cell.key: processes.submit(_fill, cell) for cell in order}
        for one in as_completed(filled.values()):
            done(one.result())
        return [filled[cell.key].result() for cell in todo]


def _fill(cell: Cell) -> Cell:
    ours = hands()
    workload = ours.workloads.get(cell.workload)
    return matrix.fill(cell, ours.place, ours.registry, workload)
