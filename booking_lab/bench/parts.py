"""The parts of the benchmark: each measures, prints a table, and returns its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from booking_lab.bench import (
    booking,
    counter,
    explorer_speed,
    memory,
    reads,
    tables,
    thinking,
    traced,
)
from booking_lab.bench.context import CLIENTS, BenchContext
from booking_lab.bench.targets import HOT, UNIFORM

Figures = dict[str, Any]


def _bookings(bench: BenchContext) -> Figures:
    found = []
    with bench.lab() as (stack, lab, progress):
        names = bench.strategies(lab)
        for target in (UNIFORM, HOT):
            figures = booking.run(
                stack, target, names, CLIENTS, bench.seconds, bench.rounds, progress
            )
            bench.console.print(tables.bookings(figures, CLIENTS))
            found.append(booking.as_json(figures))
    return {"targets": found}


def _counter(bench: BenchContext) -> Figures:
    with bench.lab() as (stack, lab, progress):
        names = [name for name in counter.STRATEGIES if name in bench.strategies(lab)]
        if counter.STRATEGIES[0] not in names:
            return {}
        figures = counter.run(stack.url, lab, names, CLIENTS, bench.seconds, bench.rounds, progress)
    bench.console.print(tables.counter(figures, CLIENTS))
    return counter.as_json(figures)


def _thinking(bench: BenchContext) -> Figures:
    with bench.console.status("") as status:
        shares = thinking.run(bench.settings, bench.seconds, bench.rounds, status.update)
    bench.console.print(tables.thinking(thinking.spreads(shares)))
    return dict(shares)


def _traced(bench: BenchContext) -> Figures:
    with bench.console.status("") as status:
        rates = traced.run(bench.settings, CLIENTS, bench.seconds, bench.rounds, status.update)
    bench.console.print(tables.traced(rates))
    return dict(rates)


def _memory(bench: BenchContext) -> Figures:
    with bench.lab() as (stack, _, progress):
        figures = memory.run(stack, progress)
    bench.console.print(tables.memory(figures))
    return asdict(figures)


def _reads(bench: BenchContext) -> Figures:
    with bench.lab() as (stack, _, progress):
        progress("readers beside waiting bookers")
        found = reads.run(stack.url, stack.database_url)
    bench.console.print(tables.readers(found))
    return {**asdict(found), "ratio": found.ratio}


def _explorer(bench: BenchContext) -> Figures:
    with bench.console.status("the explorer: every strategy on every workload"):
        speed = explorer_speed.run(bench.asked)
    bench.console.print(tables.explorer(speed))
    return asdict(speed)


#: The parts by name, in the order in which they run.
PARTS: Mapping[str, Callable[[BenchContext], Figures]] = {
    "bookings": _bookings,
    "counter": _counter,
    "thinking": _thinking,
    "traced": _traced,
    "memory": _memory,
    "reads": _reads,
    "explorer": _explorer,
}
