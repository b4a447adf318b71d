"""``booking-lab matrix``: every strategy on every workload, through every interleaving."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from booking_lab.config import Settings
from booking_lab.db import schema
from booking_lab.db.pool import Connector
from booking_lab.explorer import matrix
from booking_lab.explorer.explore import Place
from booking_lab.explorer.matrix import Cell
from booking_lab.explorer.nemesis import NEMESES
from booking_lab.registry import SHIPPED, Registry
from booking_lab.stack import RunningLab, embedded, postgres
from booking_lab.stack.leash import die_with_parent
from booking_lab.workloads import Workloads

#: Each process has a database of its own.
_PROCESSES = 2


@click.command()
@click.option("--without-nemesis", is_flag=True, help="Leave out what can go wrong; a minute.")
@click.option("--strategy", "strategies", multiple=True, help="Only this one; may be repeated.")
@click.option(
    "--write", is_flag=True, help="Keep the result as what the API and the documents show."
)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path),
              help="Also write the cells to this file.")  # fmt: skip
def command(
    without_nemesis: bool, strategies: tuple[str, ...], write: bool, file: Path | None
) -> None:
    """Explore every strategy on every workload, with two bookers, and print the table.

    On servers of its own. Without and with a nemesis: a lock expires, Redis loses its memory, a
    booker dies, the answer to a COMMIT is lost. Exits with 1 if a strategy breaks its promise.
    """
    if write and (without_nemesis or strategies):
        raise click.UsageError("--write keeps the whole matrix: leave the other options out.")
    settings = replace(Settings.from_environment(), database_url="", redis_url="", redlock_urls=())
    registry = Registry([SHIPPED, *settings.strategy_folders])
    for name in strategies:
        registry.get(name)
    workloads = list(Workloads(settings.workload_folders))
    todo = list(matrix.cells(registry, workloads, ("", *(() if without_nemesis else NEMESES))))
    todo = [cell for cell in todo if not strategies or cell.strategy in strategies]
    console = Console()
    began = time.monotonic()
    filled = fill(todo, settings, console)
    lasted = time.monotonic() - began
    click.echo(matrix.table(filled, [workload.name for workload in workloads]))
    schedules = sum(cell.schedules for cell in filled)
    click.echo(f"\n{schedules:,} schedules in {lasted:.0f} s, {schedules / lasted:.0f} a second")
    if write:
        matrix.save(filled)
    if file:
        matrix.save(filled, file)
    broken = [cell for cell in filled if surprises(registry, cell)]
    for cell in broken:
        click.echo(
            f"{cell.strategy} on {cell.workload}{f', {cell.nemesis}' if cell.nemesis else ''}: "
            f"{', '.join(surprises(registry, cell))}, which it does not declare. {cell.schedule}"
        )
    sys.exit(1 if broken else 0)


def surprises(registry: Registry, cell: Cell) -> list[str]:
    """Return the anomalies that the strategy does not declare."""
    kind = registry.get(cell.strategy).kind
    declared = kind.allows | (kind.allows_under_faults if cell.nemesis else frozenset())
    return sorted(set(cell.anomalies) - {str(anomaly) for anomaly in declared})


def fill(todo: Sequence[Cell], settings: Settings, console: Console) -> list[Cell]:
    """Explore all of ``todo``, on two processes; return it in its order."""
    with embedded(settings=replace(settings, log_level="ERROR")) as lab:
        schema.prepare(lab.database_url, settings)
        places = multiprocessing.get_context("spawn").Queue()
        for number in range(_PROCESSES):
            places.put(_place(lab, number))
        begin = (os.getpid(), places, settings)
        with (
            _progress(console, len(todo)) as done,
            ProcessPoolExecutor(
                _PROCESSES, multiprocessing.get_context("spawn"), _begin, begin
            ) as processes,
        ):
            jobs = [processes.submit(_fill, cell) for cell in todo]
            try:
                for job in as_completed(jobs):
                    done(job.result())
            except BaseException:
                processes.shutdown(cancel_futures=True)
                raise
            return [job.result() for job in jobs]


@contextmanager
def _progress(console: Console, many: int) -> Iterator[Callable[[Cell], None]]:
    finished = 0
    with console.status(f"0 of {many} cells") as status:

        def done(cell: Cell) -> None:
            nonlocal finished
            finished += 1
            status.update(f"{finished} of {many} cells; last: {cell.strategy}, {cell.workload}")

        yield done


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
