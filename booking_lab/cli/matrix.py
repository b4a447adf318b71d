"""``booking-lab matrix``: explores every strategy on every workload."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from booking_lab.cli._exit_codes import ExitCode
from booking_lab.cli._progress import count_progress
from booking_lab.config import Settings
from booking_lab.explorer.matrix import document, matrix
from booking_lab.explorer.matrix.matrix import MatrixCell
from booking_lab.explorer.matrix.runner import explore_all
from booking_lab.explorer.scheduler.nemesis import NEMESES
from booking_lab.explorer.worker_pool import MOST_JOBS
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads

#: The two parts of the matrix, which are timed separately.
_PARTS = ("without nemesis", "with nemesis")


@click.command()
@click.option("--without-nemesis", is_flag=True, help="Leave out all faults; takes a minute.")
@click.option(
    "--strategy", "strategies", multiple=True, help="Only this strategy; may be repeated."
)
@click.option("--write", is_flag=True, help="Save the result for the API and for the documents.")
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    help="Number of processes that explore.  [default: as many as keep all cores busy]",
)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path),
              help="Also write the cells to this file.")  # fmt: skip
def command(
    without_nemesis: bool,
    strategies: tuple[str, ...],
    write: bool,
    jobs: int | None,
    file: Path | None,
) -> None:
    """Explore every strategy on every workload, with two and three bookers, and print the table.

    The command starts servers of its own. It explores without a nemesis, and with each nemesis: a
    lock expires, Redis loses its memory, a booker dies, the answer to a COMMIT is lost, a wait
    lasts too long. Exit code 4: a strategy breaks its promise.
    """
    if write and (without_nemesis or strategies):
        raise click.UsageError("--write saves the whole matrix: leave the other options out.")
    readme = document.checkout_file("README.md") if write else None
    settings = Settings.from_environment()
    registry = Registry([SHIPPED, *settings.strategy_folders])
    for name in strategies:
        registry.get(name)
    workloads = list(Workloads(settings.workload_folders))
    todo = list(
        matrix.empty_cells(registry, workloads, ("", *(() if without_nemesis else NEMESES)))
    )
    todo = [cell for cell in todo if not strategies or cell.strategy in strategies]
    filled: list[MatrixCell] = []
    seconds: dict[str, float] = {}
    with count_progress(len(todo), "cells") as advance:
        for part in _PARTS:
            began = time.monotonic()
            if cells := [one for one in todo if _part(one) == part]:
                filled += explore_all(cells, settings, lambda one: advance(_name(one)), jobs or 0)
                seconds[part] = round(time.monotonic() - began, 1)
    lasted = sum(seconds.values())
    table = document.table(filled, [workload.name for workload in workloads])
    click.echo(table)
    schedules = sum(cell.schedules for cell in filled)
    click.echo(f"\n{schedules:,} schedules in {lasted:.0f} s, {schedules / lasted:.0f} a second")
    if readme:
        matrix.save(filled, seconds=seconds)
        document.write_table(table, readme)
    if file:
        matrix.save(filled, file, seconds)
    broken = [cell for cell in filled if undeclared_anomalies(registry, cell)]
    for cell in broken:
        undeclared = ", ".join(undeclared_anomalies(registry, cell))
        click.echo(f"{_name(cell)}: {undeclared}, which it does not declare. {cell.schedule}")
    for cell in filled:
        if cell.serialised and not registry.get(cell.strategy).strategy_class.serialises:
            click.echo(
                f"{cell.strategy} on {cell.workload}: bookers that share nothing wait for each "
                f"other or conflict in {cell.serialised} schedules, and it doesn't declare why "
                f"(serialises)."
            )
    sys.exit(ExitCode.WRONG if broken else ExitCode.DONE)


def _name(cell: MatrixCell) -> str:
    return f"{cell.strategy} on {cell.workload}{f', {cell.nemesis}' if cell.nemesis else ''}"


def _part(cell: MatrixCell) -> str:
    return _PARTS[bool(cell.nemesis)]


def undeclared_anomalies(registry: Registry, cell: MatrixCell) -> list[str]:
    """Return the anomalies of a cell that its strategy does not declare."""
    declared = registry.get(cell.strategy).allows(under_faults=bool(cell.nemesis))
    return sorted(set(cell.anomalies) - {str(anomaly) for anomaly in declared})
