"""``booking-lab matrix``: every strategy on every workload, through every interleaving."""

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

#: What is timed apart.
_PARTS = ("without nemesis", "with nemesis")


@click.command()
@click.option("--without-nemesis", is_flag=True, help="Leave out what can go wrong; a minute.")
@click.option("--strategy", "strategies", multiple=True, help="Only this one; may be repeated.")
@click.option(
    "--write", is_flag=True, help="Keep the result as what the API and the documents show."
)
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    help="In how many processes at once.  [default: as many as keep all cores busy]",
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

    On servers of its own. Without and with a nemesis: a lock expires, Redis loses its memory, a
    booker dies, the answer to a COMMIT is lost, a wait lasts too long. Exit code 4: a strategy
    breaks its word.
    """
    if write and (without_nemesis or strategies):
        raise click.UsageError("--write keeps the whole matrix: leave the other options out.")
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
    with count_progress(len(todo), "cells") as tell:
        for part in _PARTS:
            began = time.monotonic()
            if cells := [one for one in todo if _part(one) == part]:
                filled += explore_all(cells, settings, lambda one: tell(_name(one)), jobs or 0)
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
        click.echo(
            f"{_name(cell)}: {', '.join(undeclared_anomalies(registry, cell))}, which it does not declare. "
            f"{cell.schedule}"
        )
    for cell in filled:
        if cell.serialised and not registry.get(cell.strategy).kind.serialises:
            click.echo(
                f"{cell.strategy} on {cell.workload}: bookers who share nothing are in each "
                f"other's way in {cell.serialised} schedules, and it doesn't say why (serialises)."
            )
    sys.exit(ExitCode.WRONG if broken else ExitCode.DONE)


def _name(cell: MatrixCell) -> str:
    return f"{cell.strategy} on {cell.workload}{f', {cell.nemesis}' if cell.nemesis else ''}"


def _part(cell: MatrixCell) -> str:
    return _PARTS[bool(cell.nemesis)]


def undeclared_anomalies(registry: Registry, cell: MatrixCell) -> list[str]:
    """Return the anomalies that the strategy does not declare."""
    declared = registry.get(cell.strategy).allows(under_faults=bool(cell.nemesis))
    return sorted(set(cell.anomalies) - {str(anomaly) for anomaly in declared})
