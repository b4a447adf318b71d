"""Benchmarks: the cost of a booking under each strategy, and its cost to other requests.

Absolute figures hold for this machine on this day. The ratios within one run are the result.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from booking_lab.bench.context import CLIENTS, BenchContext
from booking_lab.bench.load import k6_path
from booking_lab.bench.parts import PARTS, Figures
from booking_lab.config import Settings

__all__ = ["PARTS", "Figures", "dump", "run"]


def run(
    seconds: float,
    rounds: int,
    console: Console,
    strategies: Sequence[str] = (),
    parts: Sequence[str] = (),
) -> Figures:
    """Run the benchmarks on labs of their own, with durable commits, and print the figures.

    Args:
        seconds: the length of each measurement.
        rounds: the number of rounds; in a round, each measurement is made once.
        console: the console for progress and tables.
        strategies: names of strategies; empty: all.
        parts: names of ``PARTS``; empty: all.

    Returns:
        The figures of every round, by part.

    Raises:
        ConfigurationError: k6 isn't installed.
    """
    k6_path()
    settings = replace(
        Settings.from_environment(), think_time_ms=0, booking_pool=CLIENTS, log_level="WARNING"
    )
    bench = BenchContext(settings, seconds, rounds, strategies, console)
    return {part: PARTS[part](bench) for part in parts or PARTS}


def dump(figures: Figures) -> str:
    """Return the figures as JSON."""
    return json.dumps(figures, indent=2)
