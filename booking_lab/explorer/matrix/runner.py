"""Explores cells of the matrix, or mixtures, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from typing import TypeVar

from booking_lab.config import Settings
from booking_lab.explorer.matrix import matrix, mixtures
from booking_lab.explorer.matrix.matrix import MatrixCell
from booking_lab.explorer.matrix.mixtures import Mixture
from booking_lab.explorer.servers import own_servers
from booking_lab.explorer.worker_pool import default_jobs, worker_context, worker_pool

C = TypeVar("C", MatrixCell, Mixture)


def explore_all(
    todo: Sequence[C],
    settings: Settings,
    done: Callable[[C], None] = lambda _cell: None,
    jobs: int = 0,
) -> list[C]:
    """Explore all cells, and return them with their results, in the same order.

    Args:
        todo: empty cells of the matrix, or empty mixtures.
        settings: the settings with the folders of plug-ins; its servers are not used.
        done: called with each cell that is explored.
        jobs: the number of processes; 0: as many as keep all cores busy.
    """
    with (
        own_servers(settings) as servers,
        worker_pool(servers, jobs or default_jobs(), settings) as processes,
    ):
        # The longest cells of the last time come first, so that no process ends with a long one.
        known = {cell.key: cell.schedules for cell in matrix.load()}
        order = sorted(todo, key=lambda cell: -known.get(cell.key, 0))
        filled = {cell.key: processes.submit(_explore, cell) for cell in order}
        for one in as_completed(filled.values()):
            done(one.result())
        return [filled[cell.key].result() for cell in todo]


def _explore(cell: C) -> C:
    ours = worker_context()
    workload = ours.workloads.get(cell.workload)
    if isinstance(cell, Mixture):
        return mixtures.explore_mixture(cell, ours.servers, ours.registry, workload)
    return matrix.explore_cell(cell, ours.servers, ours.registry, workload)
