"""Benchmarks: what a booking costs under each strategy, and what it costs others.

Absolute figures are this machine's, on this day; the ratios within one run are the result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from rich.console import Console

from booking_lab.bench import booking, counter, cpu, explorer_speed, reads, tables, thinking, traced
from booking_lab.bench.load import load, program
from booking_lab.bench.targets import COUNTER, HOT, UNIFORM, prepare
from booking_lab.config import Settings
from booking_lab.runtime.lab import Lab
from booking_lab.stack import RunningLab, running
from booking_lab.stack.service import cpu_and_gc

CLIENTS = 32
WORKERS = 2
#: The memory of workers is measured after so many bookings of each.
MANY_BOOKINGS = 100_000

Figures = dict[str, Any]


def run(
    seconds: float,
    rounds: int,
    console: Console,
    strategies: Sequence[str] = (),
    parts: Sequence[str] = (),
) -> Figures:
    """Run the benchmarks, on labs of their own with durable commits; print the figures.

    Args:
        seconds: how long each measurement takes.
        rounds: how often each is repeated, in turn with the others.
        console: where progress and tables go.
        strategies: which; by default all.
        parts: which of ``PARTS``; by default all.

    Returns:
        All figures, with every round.

    Raises:
        ConfigurationError: k6 isn't installed.
    """
    program()
    settings = replace(
        Settings.from_environment(), think_time_ms=0, booking_pool=CLIENTS, log_level="WARNING"
    )
    bench = Bench(settings, seconds, rounds, strategies, console)
    return {part: PARTS[part](bench) for part in parts or PARTS}


class Bench:
    """What all parts measure by.

    Attributes:
        settings: those of the labs.
        seconds: how long each measurement takes.
        rounds: how many there are.
        console: where tables go.
        asked: the strategies to measure; none: all.
    """

    def __init__(
        self,
        settings: Settings,
        seconds: float,
        rounds: int,
        strategies: Sequence[str],
        console: Console,
    ) -> None:
        self.settings = settings
        self.seconds = seconds
        self.rounds = rounds
        self.console = console
        self.asked = strategies

    @contextmanager
    def lab(self) -> Iterator[tuple[RunningLab, Lab, Callable[[str], None]]]:
        """Run a lab, and another worker of it in this process; the last shows progress."""
        with (
            self.console.status("starting the lab") as status,
            running(settings=self.settings, durable=True, workers=WORKERS) as stack,
            _inside(self.settings, stack) as lab,
        ):
            prepare(stack.database_url)
            yield stack, lab, status.update

    def strategies(self, lab: Lab) -> Sequence[str]:
        """Return the names of the strategies to measure."""
        return self.asked or [entry.name for entry in lab.registry.entries()]


def _bookings(bench: Bench) -> Figures:
    found = []
    with bench.lab() as (stack, lab, progress):
        names = bench.strategies(lab)
        for place in (UNIFORM, HOT):
            figures = booking.run(
                stack, place, names, CLIENTS, bench.seconds, bench.rounds, progress
            )
            bench.console.print(tables.bookings(figures, CLIENTS))
            found.append(booking.as_json(figures))
    return {"places": found}


def _memory(bench: Bench) -> Figures:
    with bench.lab() as (stack, _, progress):
        booking.choose(stack.url, "atomic", COUNTER)
        megabytes, sent = [cpu.worker_megabytes(stack)], 0
        while sent < MANY_BOOKINGS * WORKERS:
            progress(f"memory: {sent:,} bookings of {MANY_BOOKINGS * WORKERS:,}")
            sent += load(stack.url, COUNTER, CLIENTS, 10).requests
        megabytes.append(cpu.worker_megabytes(stack))
    bench.console.print(
        f"Memory of a worker: {megabytes[0]:.0f} MB resident at first, {megabytes[1]:.0f} MB "
        f"after {sent // WORKERS:,} bookings"
    )
    return {"megabytes": megabytes, "bookings": sent}


def _counter(bench: Bench) -> Figures:
    with bench.lab() as (stack, lab, progress):
        names = [name for name in counter.STRATEGIES if name in bench.strategies(lab)]
        if counter.STRATEGIES[0] not in names:
            return {}
        figures = counter.run(stack.url, lab, names, CLIENTS, bench.seconds, bench.rounds, progress)
    bench.console.print(tables.counter(figures, CLIENTS))
    return counter.as_json(figures)


def _thinking(bench: Bench) -> Figures:
    with bench.console.status("") as status:
        shares = thinking.run(bench.settings, bench.seconds, bench.rounds, status.update)
    bench.console.print(tables.thinking(thinking.spreads(shares)))
    return dict(shares)


def _traced(bench: Bench) -> Figures:
    with bench.console.status("") as status:
        rates = traced.run(bench.settings, CLIENTS, bench.seconds, bench.rounds, status.update)
    bench.console.print(tables.traced(rates))
    return dict(rates)


def _reads(bench: Bench) -> Figures:
    with bench.lab() as (stack, _, progress):
        progress("readers beside waiting bookers")
        found = reads.run(stack.url, stack.database_url)
    bench.console.print(tables.readers(found))
    return {**asdict(found), "ratio": found.ratio}


def _explorer(bench: Bench) -> Figures:
    with bench.console.status("the explorer: every strategy on every workload"):
        explored = explorer_speed.run(bench.asked)
    bench.console.print(tables.explorer(explored))
    return asdict(explored)


#: The parts of the benchmark, by name.
PARTS: Mapping[str, Callable[[Bench], Figures]] = {
    "bookings": _bookings,
    "counter": _counter,
    "thinking": _thinking,
    "traced": _traced,
    "memory": _memory,
    "reads": _reads,
    "explorer": _explorer,
}


@contextmanager
def _inside(settings: Settings, stack: RunningLab) -> Iterator[Lab]:
    """A worker more, in this process."""
    here = replace(
        settings,
        database_url=stack.database_url,
        redis_url=stack.redis_url,
        redlock_urls=stack.redlock_urls,
        instance="bench",
    )
    lab = Lab(here)
    with cpu_and_gc.staying_on(counter.CORE):
        lab.start()
    cpu_and_gc.collect_seldom()
    try:
        yield lab
    finally:
        lab.stop()


def dump(figures: Figures) -> str:
    """Return the figures as JSON."""
    return json.dumps(figures, indent=2)
