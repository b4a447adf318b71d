"""Benchmarks: what each strategy costs, beside pgbench, and what waiting bookers cost readers.

Absolute figures are this machine's, on this day; the ratios within one run are the result.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from rich.console import Console
from rich.table import Table

from booking_lab.bench import pgbench, reads, transactions, wire
from booking_lab.bench.place import HOT, UNIFORM, Place, prepare
from booking_lab.config import Settings
from booking_lab.crowd import Customer
from booking_lab.stack import running

CLIENTS = 32


def run(seconds: float, console: Console, strategies: Sequence[str] = ()) -> dict[str, Any]:
    """Run every benchmark on a lab of its own with durable commits; print and return the figures.

    Args:
        seconds: how long each measurement takes.
        console: where progress and tables go.
        strategies: which; by default all.
    """
    settings = replace(Settings.from_environment(), think_time_ms=0, log_level="WARNING")
    with (
        console.status("starting the lab") as status,
        running(settings=settings, durable=True, workers=2) as lab,
    ):
        prepare(lab.database_url)
        rows = []
        recorded = transactions.record(lab.database_url, lab.redis_url, strategies)
        for place in (UNIFORM, HOT):
            for strategy, transaction in recorded.items():
                status.update(f"{strategy}, {place.name}: the service")
                service = _service(lab.url, strategy, place, seconds)
                status.update(f"{strategy}, {place.name}: pgbench")
                peer = pgbench.run(lab.database_url, transaction, place, CLIENTS, seconds)
                rows.append({"strategy": strategy, "place": place.name, **service, "pgbench": peer})
                console.print(_line(rows[-1]))
        status.update("readers beside waiting bookers")
        readers = reads.run(lab.url, lab.database_url)
    console.print(_table(rows))
    console.print(
        f"GET /events/1: p95 {readers.idle_p95:.1f} ms idle, {readers.busy_p95:.1f} ms while "
        f"{readers.waiting} bookers wait for one row; ratio {readers.ratio:.2f}"
    )
    return {"bookings": rows, "reads": {**asdict(readers), "ratio": readers.ratio}}


def _service(url: str, strategy: str, place: Place, seconds: float) -> dict[str, float]:
    with Customer(url) as admin:
        admin.post("/admin/strategy", {"strategy": strategy})
        admin.post(f"/admin/reset?event_id={place.event_id}")
    load = wire.load(url, place, CLIENTS, seconds)
    return {
        "per_second": load.per_second,
        "p99_ms": load.p99_ms,
        "confirmed": load.confirmed,
        "refused": load.refused,
        "other": load.other,
    }


def _line(row: dict[str, Any]) -> str:
    return f"  {row['strategy']}, {row['place']}: {row['per_second']:.0f} bookings/s"


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(
        title=f"Bookings over HTTP: {CLIENTS} clients, durable commits, no think time",
        caption="pgbench runs the same statements on the same server",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for heading in ("seats", "strategy"):
        table.add_column(heading)
    for heading in (
        "per s", "p99 ms", "confirmed", "refused", "other", "pgbench", "ratio",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row["place"],
            row["strategy"],
            f"{row['per_second']:.0f}",
            f"{row['p99_ms']:.1f}",
            *(str(row[outcome]) for outcome in ("confirmed", "refused", "other")),
            f"{row['pgbench']:.0f}",
            f"{row['per_second'] / row['pgbench']:.2f}",
        )
    return table


def dump(figures: dict[str, Any]) -> str:
    """Return the figures as JSON."""
    return json.dumps(figures, indent=2)
