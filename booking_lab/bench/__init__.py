"""Benchmarks: what each strategy costs, beside pgbench, and what waiting bookers cost readers.

Absolute figures are this machine's, on this day; the ratios within one run are the result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from rich.console import Console

from booking_lab.bench import counter, exploring, pgbench, reads, tables, transactions, wire
from booking_lab.bench.place import HOT, UNIFORM, Place, prepare
from booking_lab.config import Settings
from booking_lab.crowd.client import Customer
from booking_lab.runtime.lab import Lab
from booking_lab.stack import RunningLab, running
from booking_lab.stack.service import cpu_and_gc

CLIENTS = 32


def run(
    seconds: float, rounds: int, console: Console, strategies: Sequence[str] = ()
) -> dict[str, Any]:
    """Run every benchmark on a lab of its own with durable commits; print and return the figures.

    Args:
        seconds: how long each measurement takes.
        rounds: how often those of the hot counter are repeated.
        console: where progress and tables go.
        strategies: which; by default all.
    """
    # A connection for every booker, also where one worker gets them all.
    settings = replace(
        Settings.from_environment(), think_time_ms=0, log_level="WARNING", booking_pool=CLIENTS
    )
    with (
        console.status("starting the lab") as status,
        running(settings=settings, durable=True, workers=2) as stack,
        _lab(settings, stack) as lab,
    ):
        prepare(stack.database_url)
        names = strategies or [entry.name for entry in lab.registry.entries()]
        rows = _bookings(stack.url, lab, names, seconds, status.update)
        console.print(tables.bookings(rows, CLIENTS))
        figures: dict[str, Any] = {"bookings": rows}
        if compared := [name for name in counter.STRATEGIES if name in names]:
            found = counter.run(stack.url, lab, compared, CLIENTS, seconds, rounds, status.update)
            figures["counter"] = counter.as_json(found)
            console.print(tables.counter(found, CLIENTS))
        status.update("readers beside waiting bookers")
        readers = reads.run(stack.url, stack.database_url)
        figures["reads"] = {**asdict(readers), "ratio": readers.ratio}
        console.print(tables.readers(readers))
    with console.status("the explorer: every strategy on every workload"):
        explored = exploring.run(names)
    figures["explorer"] = asdict(explored)
    console.print(
        f"The explorer: {explored.per_second:.0f} schedules/s (none on seats, two bookers, all "
        f"cores); the matrix without nemesis: {explored.matrix_schedules:,} schedules in "
        f"{explored.matrix_seconds:.0f} s"
    )
    if kept := explored.kept_seconds:
        parts = ", ".join(f"{part} {seconds:.0f} s" for part, seconds in kept.items())
        console.print(f"The whole matrix, when it was made the last time: {parts}")
    return figures


@contextmanager
def _lab(settings: Settings, stack: RunningLab) -> Iterator[Lab]:
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


def _bookings(
    url: str,
    lab: Lab,
    strategies: Sequence[str],
    seconds: float,
    progress: Callable[[str], None],
) -> list[dict[str, Any]]:
    rows = []
    # Taken down where there is room, and before anybody else books there.
    recorded = {name: transactions.record(lab, name, UNIFORM) for name in strategies}
    for place in (UNIFORM, HOT):
        for name, transcript in recorded.items():
            progress(f"{name}, {place.name}: the service")
            service = _service(url, name, place, seconds)
            progress(f"{name}, {place.name}: pgbench")
            script = pgbench.script(transcript, place)
            peer = pgbench.run(lab.settings.database_url, script, CLIENTS, seconds)
            rows.append({"strategy": name, "place": place.name, **service, "pgbench": peer})
    return rows


def _service(url: str, strategy: str, place: Place, seconds: float) -> dict[str, float]:
    with Customer(url) as admin:
        admin.post("/admin/strategy", {"strategy": strategy})
        admin.post(f"/admin/reset?event_id={place.id}")
    return asdict(wire.load(url, place, CLIENTS, seconds))


def dump(figures: dict[str, Any]) -> str:
    """Return the figures as JSON."""
    return json.dumps(figures, indent=2)
