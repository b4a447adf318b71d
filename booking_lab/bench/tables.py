"""Tables and lines with the figures of the benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

from rich.console import Group
from rich.table import Table

from booking_lab.bench import booking, cpu
from booking_lab.bench import counter as hot
from booking_lab.bench import thinking as think
from booking_lab.bench.context import WORKERS
from booking_lab.bench.explorer_speed import ExplorerSpeed
from booking_lab.bench.load import LoadResult
from booking_lab.bench.memory import WorkerMemory
from booking_lab.bench.reads import ReadLatency
from booking_lab.bench.rounds import Spread
from booking_lab.bench.traced import STRATEGY

_BY_HEALTH = [f"{part}, x" for part in cpu.PARTS]


def bookings(figures: booking.BookingFigures, clients: int) -> Group:
    """Return the table of all strategies over HTTP, for one target."""
    health = [one.load for one in figures.health]
    whole = Spread.of([sum(one.cpu_us.values()) for one in figures.health])
    table = _table(
        f"{figures.target}: {clients} clients over HTTP, durable commits, no think time",
        f"medians of {len(health)} rounds, ± half of their range; x: CPU time of a booking, "
        f"as multiples of all that a GET /health takes ({whole.show(0)} us)",
        ("strategy",),
        ("per s", "of /health", "of pgbench", *_BY_HEALTH, "p99 ms", "conf.", "ref.", "other"),
    )
    _row(table, "GET /health", health, "", "", ["", "", ""])
    for name, measured in figures.strategies.items():
        costs = [figures.cpu_by_health(name, part).show() for part in cpu.PARTS]
        beside = figures.share_of_pgbench(name).show() if figures.pgbench else ""
        loads = [one.load for one in measured]
        _row(table, name, loads, figures.share_of_health(name).show(), beside, costs)
    loads = [*health, *(one.load for rows in figures.strategies.values() for one in rows)]
    lines = [f"k6 took {100 * mean(one.own_cpu for one in loads):.0f} % of the cores"]
    if figures.pgbench:
        lines.append(
            f"pgbench, {clients} clients, a lean and prepared booking: "
            f"{Spread.of(figures.pgbench).show(0)} per s"
        )
    return Group(table, *lines)


def _row(
    table: Table,
    name: str,
    loads: Sequence[LoadResult],
    health: str,
    beside: str,
    costs: Sequence[str],
) -> None:
    table.add_row(
        name,
        Spread.of([one.per_second for one in loads]).show(0),
        health,
        beside,
        *costs,
        Spread.of([one.p99_ms for one in loads]).show(1),
        *(
            str(sum(getattr(one, what) for one in loads))
            for what in ("confirmed", "refused", "other")
        ),
    )


def counter(figures: hot.CounterFigures, clients: int) -> Group:
    """Return the table of the contended counter, in process, over HTTP and by pgbench."""
    first = hot.STRATEGIES[0]
    table = _table(
        f"One hot ticket counter: {clients} bookers wait, durable commits, no think time",
        f"medians, ± half of their range; x: as multiples of {first}; "
        "y: of pgbench's single client",
        ("strategy", "bookers"),
        ("per s", "x", "y", "p99 ms", "other"),
    )
    for where, by_strategy in (("in process", figures.in_process), ("HTTP", figures.over_http)):
        for name, loads in by_strategy.items():
            table.add_row(
                name,
                where,
                Spread.of([one.per_second for one in loads]).show(0),
                figures.by_first(by_strategy, name).show(1),
                figures.by_single(by_strategy, name).show(1),
                Spread.of([one.p99_ms for one in loads]).show(1),
                str(sum(one.other for one in loads)),
            )
    peers = ", ".join(
        f"{many} client{'s' * (many > 1)} {Spread.of(figures.pgbench[who]).show(0)} per s"
        for who, many in (("clients", clients), ("single", 1))
    )
    return Group(table, f"pgbench, a bare UPDATE of the counter: {peers}")


def thinking(shares: Mapping[str, Spread]) -> Table:
    """Return the table of bookings that only wait."""
    table = _table(
        f"{think.CLIENTS} clients, {think.THINK_MS:.0f} ms think time, {think.WORKERS} workers",
        f"share of the {think.POSSIBLE:,.0f} bookings a second that such clients could make",
        ("strategy",),
        ("share",),
    )
    for name, share in shares.items():
        table.add_row(name, share.show())
    return table


def traced(rates: Mapping[str, Sequence[float]]) -> Table:
    """Return the table of the cost of tracing."""
    table = _table(
        f"Bookings that are traced: {STRATEGY}, many seats, over HTTP",
        "medians, ± half of their range",
        ("traced",),
        ("per s", "of off"),
    )
    for name, values in rates.items():
        share = Spread.of_ratios(values, rates["off"])
        table.add_row(name, Spread.of(values).show(0), share.show())
    return table


def memory(figures: WorkerMemory) -> str:
    """Return the line on the memory of a worker."""
    before, after = figures.megabytes
    return (
        f"Memory of a worker: {before:.0f} MB resident at first, {after:.0f} MB "
        f"after {figures.bookings // WORKERS:,} bookings"
    )


def readers(found: ReadLatency) -> str:
    """Return the line on reads while bookers wait."""
    return (
        f"GET /events/1: p95 {found.idle_p95:.1f} ms idle, {found.busy_p95:.1f} ms while "
        f"{found.waiting} bookers wait for one row; ratio {found.ratio:.2f}"
    )


def explorer(explored: ExplorerSpeed) -> str:
    """Return the lines on the speed of the explorer."""
    lines = [
        f"The explorer: {explored.per_second:.0f} schedules/s (none on seats, two bookers, all "
        f"cores); the matrix without nemesis: {explored.matrix_schedules:,} schedules in "
        f"{explored.matrix_seconds:.0f} s"
    ]
    if kept := explored.kept_seconds:
        parts = ", ".join(f"{part} {seconds:.0f} s" for part, seconds in kept.items())
        lines.append(f"The whole matrix, when it was made the last time: {parts}")
    return "\n".join(lines)


def _table(title: str, caption: str, left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(title=title, caption=caption, box=None, padding=(0, 1, 0, 0))
    for heading in left:
        table.add_column(heading)
    for heading in right:
        table.add_column(heading, justify="right")
    return table
