"""Measures many bookings with think time, which shows how evenly the workers share them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from booking_lab.bench.booking import prepare_strategy
from booking_lab.bench.load import run_load
from booking_lab.bench.rounds import Spread
from booking_lab.bench.targets import UNIFORM, prepare
from booking_lab.config import Settings
from booking_lab.stack import running

CLIENTS = 64
WORKERS = 4
THINK_MS = 50.0
#: Bookings per second if a booking took only its think time.
POSSIBLE = 1000 * CLIENTS / THINK_MS
STRATEGIES = ("none", "pessimistic", "optimistic", "distributed")


def run(
    settings: Settings, seconds: float, rounds: int, progress: Callable[[str], None]
) -> Mapping[str, Sequence[float]]:
    """Return the rate of each strategy divided by ``POSSIBLE``, one figure for each round."""
    settings = replace(settings, think_time_ms=THINK_MS)
    shares: dict[str, list[float]] = {name: [] for name in STRATEGIES}
    with running(settings=settings, durable=True, workers=WORKERS) as lab:
        prepare(lab.database_url)
        for number in range(1, rounds + 1):
            for name in STRATEGIES:
                progress(f"{CLIENTS} clients that think, round {number} of {rounds}: {name}")
                prepare_strategy(lab.url, name, UNIFORM)
                found = run_load(lab.url, UNIFORM, CLIENTS, seconds)
                shares[name].append(found.per_second / POSSIBLE)
    return shares


def spreads(shares: Mapping[str, Sequence[float]]) -> Mapping[str, Spread]:
    """Return the spread of each strategy's figures."""
    return {name: Spread.of(values) for name, values in shares.items()}
