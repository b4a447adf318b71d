"""What the benchmarks have found, for a reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.table import Table

from booking_lab.bench.counter import GOALS, Figures
from booking_lab.bench.reads import Reads


def bookings(rows: Sequence[dict[str, Any]], clients: int) -> Table:
    """Every strategy over HTTP, beside pgbench."""
    table = _table(
        f"Bookings over HTTP: {clients} clients, durable commits, no think time",
        "pgbench runs the same statements on the same server; -: an error ends its clients",
        ("seats", "strategy"),
        ("per s", "p99 ms", "confirmed", "refused", "other", "pgbench", "ratio"),
    )
    for row in rows:
        peer = row["pgbench"]
        table.add_row(
            row["place"],
            row["strategy"],
            f"{row['per_second']:.0f}",
            f"{row['p99_ms']:.1f}",
            *(str(row[outcome]) for outcome in ("confirmed", "refused", "other")),
            f"{peer:.0f}" if peer else "-",
            f"{row['per_second'] / peer:.2f}" if peer else "-",
        )
    return table


def counter(figures: Figures, clients: int) -> Group:
    """The hot counter, in process and over HTTP, and what pgbench does with it."""
    first = figures.rows[0].strategy
    table = _table(
        f"One hot ticket counter: {clients} bookers wait, durable commits, no think time",
        f"medians of {figures.rounds} rounds; x: how many times as fast as {first}",
        ("strategy",),
        ("in process, per s", "p99 ms", "x", "over HTTP, per s", "p99 ms", "x", "other"),
    )
    for row in figures.rows:
        cells = []
        for load, ratio in zip(row.loads, figures.ratios(row).values(), strict=True):
            cells += [f"{load.per_second:.0f}", f"{load.p99_ms:.1f}", f"{ratio:.1f}"]
        table.add_row(row.strategy, *cells, str(sum(load.other for load in row.loads)))
    lines = [
        f"pgbench, {clients} clients: {figures.statements:.0f} per s with the statements of "
        f"{first}, {figures.bare:.0f} per s with a bare UPDATE of the counter"
    ]
    for row in figures.rows:
        if row.strategy == "queue" and row is not figures.rows[0]:
            lines += [
                f"queue {where}: {ratio:.1f} times {first} (goal: {GOALS[where]:.0f})"
                for where, ratio in figures.ratios(row).items()
            ]
    return Group(table, *lines)


def readers(found: Reads) -> str:
    """What bookers that wait cost those who only look."""
    return (
        f"GET /events/1: p95 {found.idle_p95:.1f} ms idle, {found.busy_p95:.1f} ms while "
        f"{found.waiting} bookers wait for one row; ratio {found.ratio:.2f}"
    )


def _table(title: str, caption: str, left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(title=title, caption=caption, box=None, padding=(0, 1, 0, 0))
    for heading in left:
        table.add_column(heading)
    for heading in right:
        table.add_column(heading, justify="right")
    return table
