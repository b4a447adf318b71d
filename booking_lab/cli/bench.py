"""``booking-lab bench``: what a booking costs under each strategy."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from booking_lab import bench


@click.command()
@click.option(
    "--seconds", type=click.FloatRange(1, 60), default=3.0, show_default=True,
    help="How long each measurement takes.",
)  # fmt: skip
@click.option(
    "--rounds", type=click.IntRange(1, 100), default=3, show_default=True,
    help="How often each is repeated, in turn with the others; medians are printed.",
)  # fmt: skip
@click.option(
    "--json", "file", type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the figures of every round to this file.",
)  # fmt: skip
@click.option("--strategy", "strategies", multiple=True, help="Only this one; may be repeated.")
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
    """Measure what bookings cost, beside GET /health and pgbench.

    On labs of its own, with durable commits. Ratios within one run are the result: absolute figures
    are this machine's.
    """
    figures = bench.run(seconds, rounds, Console(), strategies, parts)
    if file:
        file.write_text(bench.dump(figures))
