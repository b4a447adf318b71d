"""``booking-lab bench``: the cost of a booking under each strategy."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from booking_lab import bench


@click.command()
@click.option(
    "--seconds", type=click.FloatRange(1, 60), default=3.0, show_default=True,
    help="Length of each measurement.",
)  # fmt: skip
@click.option(
    "--rounds", type=click.IntRange(1, 100), default=3, show_default=True,
    help="Repetitions of each measurement, in turn with the others; medians are printed.",
)  # fmt: skip
@click.option(
    "--json", "file", type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the figures of every round to this file.",
)  # fmt: skip
@click.option(
    "--strategy", "strategies", multiple=True, help="Only this strategy; may be repeated."
)
@click.option(
    "--part", "parts", type=click.Choice(list(bench.PARTS)), multiple=True,
    help="Only this part; may be repeated.",
)  # fmt: skip
def command(
    seconds: float,
    rounds: int,
    file: Path | None,
    strategies: tuple[str, ...],
    parts: tuple[str, ...],
) -> None:
    """Measure the cost of bookings, and compare it with GET /health and pgbench.

    The command starts labs of its own, with durable commits. The ratios within one run are the
    result: absolute figures hold for this machine only.
    """
    figures = bench.run(seconds, rounds, Console(), strategies, parts)
    if file:
        file.write_text(bench.dump(figures))
