"""Fills the cells of the matrix, on both cores: each process has a database of its own."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from booking_lab.config import Settings
from booking_lab.db import schema
from booking_lab.db.connector import Connector
from booking_lab.explorer import matrix
from booking_lab.explorer.explore import Place
from booking_lab.explorer.matrix import Cell
from booking_lab.registry import SHIPPED, Registry
from booking_lab.stack import RunningLab, embedded, postgres
from booking_lab.stack.leash import die_with_parent
from booking_lab.workloads import Workloads

#: Each waits for PostgreSQL half of its time; so these keep two cores busy.
_PROCESSES = 3


def fill(
    todo: Sequence[Cell], settings: Settings, done: Callable[[Cell], None] = lambda _cell: None
) -> list[Cell]:
    """Explore all of ``todo``; return it in its order.

    Args:
        todo: empty cells.
        settings: whose folders of plug-ins count; the servers are embedded ones in any case.
        done: told of each cell that is filled.
    """
    own = Settings(
        strategy_folders=settings.strategy_folders, workload_folders=settings.workload_folders
    )
    context = multiprocessing.get_context("spawn")
    with embedded(settings=own) as lab:
        schema.prepare(lab.database_url, own)
        places = context.Queue()
        for number in range(_PROCESSES):
            places.put(_place(lab, number))
        begin = (os.getpid(), places, own)
        with ProcessPoolExecutor(_PROCESSES, context, _begin, begin) as processes:
            jobs = [processes.submit(_fill, cell) for cell in todo]
            try:
                for job in as_completed(jobs):
                    done(job.result())
            except BaseException:
                processes.shutdown(cancel_futures=True)
                raise
            return [job.result() for job in jobs]


def _place(lab: RunningLab, number: int) -> Place:
    """A database and a Redis database of its own for one process."""
    name = f"explore_{number}"
    with Connector(postgres.url(lab.run_folder, "postgres")).session() as session:
        session.execute(f"CREATE DATABASE {name} TEMPLATE {postgres.NAME}")
    redis, *redlock = [
        f"{url.partition('?')[0]}?db={number}" for url in (lab.redis_url, *lab.redlock_urls)
    ]
    return Place(postgres.url(lab.run_folder, name), redis, redlock)


# --- in the processes ----------------------------------------------------------------------------

_ours: tuple[Place, Registry, Workloads]


def _begin(parent: int, places: multiprocessing.Queue[Place], settings: Settings) -> None:
    global _ours  # a pool's initializer has no other way to hand something on
    die_with_parent(parent, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    logging.disable(logging.ERROR)  # locks that expire are what is being tried here
    registry = Registry([SHIPPED, *settings.strategy_folders])
    _ours = places.get(), registry, Workloads(settings.workload_folders)


def _fill(cell: Cell) -> Cell:
    place, registry, workloads = _ours
    return matrix.fill(cell, place, registry, workloads.get(cell.workload))
