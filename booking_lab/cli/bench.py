"""``booking-lab bench``: what each strategy costs, beside pgbench on the same server."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from booking_lab import bench


@click.command()
@click.option(
    "--seconds", type=click.FloatRange(1, 60), default=4.0, show_default=True,
    help="How long each measurement takes.",
)  # fmt: skip
@click.option(
    "--rounds", type=click.IntRange(1, 100), default=5, show_default=True,
    help="How often the strategies are measured in turn on the hot counter; medians are printed.",
)  # fmt: skip
@click.option(
    "--json", "file", type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the figures to this file.",
)  # fmt: skip
@click.option("--strategy", "strategies", multiple=True, help="Only this one; may be repeated.")
def command(seconds: float, rounds: int, file: Path | None, strategies: tuple[str, ...]) -> None:
    """Measure bookings/s and p99 of each strategy, over many seats and on one.

    On a lab of its own, with durable commits; pgbench runs the same statements on the same server.
    """
    figures = bench.run(seconds, rounds, Console(), strategies)
    if file:
        file.write_text(bench.dump(figures))
