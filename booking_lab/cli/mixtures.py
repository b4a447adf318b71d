"""``booking-lab mixtures``: explores every two strategies beside each other."""

from __future__ import annotations

import time
from pathlib import Path

import click

from booking_lab.cli._progress import count_progress
from booking_lab.config import Settings
from booking_lab.explorer.matrix import document, mixtures
from booking_lab.explorer.matrix.mixtures import Mixture
from booking_lab.explorer.matrix.runner import explore_all
from booking_lab.explorer.worker_pool import MOST_JOBS
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads


@click.command()
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    help="Only the pairs with this strategy; may be repeated.",
)
@click.option("--write", is_flag=True, help="Save the result for docs/mixtures.md.")
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    help="Number of processes that explore.  [default: as many as keep all cores busy]",
)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path),
              help="Also write the pairs to this file.")  # fmt: skip
def command(strategies: tuple[str, ...], write: bool, jobs: int | None, file: Path | None) -> None:
    """Explore every two strategies beside each other, on every workload, and print the tables.

    The command starts servers of its own. The two bookers of each scenario book under different
    strategies, as after a switch. No strategy promises anything for that, so the exit code is 0
    for any finding.
    """
    if write and strategies:
        raise click.UsageError("--write saves all pairs: leave --strategy out.")
    shown = document.checkout_file(mixtures.DOCUMENT) if write else None
    settings = Settings.from_environment()
    registry = Registry([SHIPPED, *settings.strategy_folders])
    wanted = {registry.get(name).name for name in strategies}
    workloads = list(Workloads(settings.workload_folders))
    pairs = mixtures.empty_mixtures(registry, workloads)
    todo = [one for one in pairs if not wanted or wanted & {one.strategy, one.beside}]
    began = time.monotonic()
    with count_progress(len(todo), "pairs") as advance:
        filled = explore_all(todo, settings, lambda one: advance(_name(one)), jobs or 0)
    click.echo(mixtures.tables(filled))
    schedules = sum(one.schedules for one in filled)
    click.echo(f"\n{schedules:,} schedules in {time.monotonic() - began:.0f} s")
    if shown:
        mixtures.save(filled)
        document.write_table(f"\n{mixtures.tables(filled)}\n", shown, mixtures.MARKS)
    if file:
        mixtures.save(filled, file)


def _name(one: Mixture) -> str:
    return f"{one.strategy} beside {one.beside} on {one.workload}"
