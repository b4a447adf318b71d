"""Measures bookings over HTTP, ``GET /health`` of the same service, and pgbench on its server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from booking_lab.bench import cpu, pgbench
from booking_lab.bench.load import LoadResult, rates, run_load
from booking_lab.bench.rounds import Spread
from booking_lab.bench.targets import HEALTH, UNIFORM, Target
from booking_lab.crowd.client import Customer
from booking_lab.stack import RunningLab


@dataclass(frozen=True)
class Measurement:
    """One measurement.

    Attributes:
        load: the rate, the latency and the counts of the clients.
        cpu_us: microseconds of CPU time for each request, by part of the lab.
    """

    load: LoadResult
    cpu_us: Mapping[str, float]


@dataclass(frozen=True)
class BookingFigures:
    """The measurements of one target; each list has one entry for each round.

    Attributes:
        target: the name of the target.
        health: the measurements of ``GET /health``.
        strategies: the measurements of bookings, by strategy.
        pgbench: transactions per second of the booking in pgbench; empty if the target has none.
    """

    target: str
    health: Sequence[Measurement]
    strategies: Mapping[str, Sequence[Measurement]]
    pgbench: Sequence[float]

    def share_of_health(self, strategy: str) -> Spread:
        """Return the rate of bookings divided by the rate of ``GET /health``."""
        return Spread.of_ratios(_rates(self.strategies[strategy]), _rates(self.health))

    def share_of_pgbench(self, strategy: str) -> Spread:
        """Return the rate of bookings divided by the rate of pgbench."""
        return Spread.of_ratios(_rates(self.strategies[strategy]), self.pgbench)

    def cpu_by_health(self, strategy: str, part: str) -> Spread:
        """Return the CPU time of a part for a booking, divided by that of all for ``/health``."""
        whole = [sum(one.cpu_us.values()) for one in self.health]
        return Spread.of_ratios([one.cpu_us[part] for one in self.strategies[strategy]], whole)


def run(
    lab: RunningLab,
    target: Target,
    strategies: Sequence[str],
    clients: int,
    seconds: float,
    rounds: int,
    progress: Callable[[str], None],
) -> BookingFigures:
    """Measure everything once in each round.

    Args:
        lab: a lab with the targets of ``targets.prepare``.
        target: the target of the bookings.
        strategies: the names of the strategies.
        clients: the number of clients.
        seconds: the length of each measurement.
        rounds: the number of rounds.
        progress: called with the name of each measurement.
    """
    health: list[Measurement] = []
    booked: dict[str, list[Measurement]] = {name: [] for name in strategies}
    peers: list[float] = []
    for number in range(1, rounds + 1):
        at = f"{target.name}, round {number} of {rounds}"
        progress(f"{at}: GET /health")
        health.append(_measure(lab, HEALTH, clients, seconds))
        for name in strategies:
            progress(f"{at}: {name}")
            prepare_strategy(lab.url, name, target)
            booked[name].append(_measure(lab, target, clients, seconds))
        if target is UNIFORM:
            progress(f"{at}: pgbench")
            prepare_strategy(lab.url, strategies[0], target)
            peers.append(pgbench.run(lab.database_url, pgbench.BOOKING, clients, seconds))
    return BookingFigures(target.name, health, booked, peers)


def prepare_strategy(url: str, strategy: str, target: Target) -> None:
    """Switch to a strategy, and reset the target."""
    with Customer(url) as admin:
        admin.post("/admin/strategy", {"strategy": strategy})
        admin.post(f"/admin/reset?kind={target.kind}&scope={target.id}")


def as_json(figures: BookingFigures) -> dict[str, Any]:
    """Return the figures with every round."""
    return asdict(figures)


def _measure(lab: RunningLab, target: Target, clients: int, seconds: float) -> Measurement:
    before = cpu.spent(lab)
    found = run_load(lab.url, target, clients, seconds)
    after = cpu.spent(lab)
    cost = {part: 1e6 * (after[part] - before[part]) / max(1, found.requests) for part in cpu.PARTS}
    return Measurement(found, cost)


def _rates(measured: Sequence[Measurement]) -> list[float]:
    return rates(one.load for one in measured)
