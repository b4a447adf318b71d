"""Bookings over HTTP, beside ``GET /health`` of the same service and pgbench on the same server."""

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
    """One measurement: what the clients met with, and what a request cost.

    Attributes:
        load: what the clients met with.
        cpu_us: microseconds of CPU time for each request, by part of the lab.
    """

    load: LoadResult
    cpu_us: Mapping[str, float]


@dataclass(frozen=True)
class BookingFigures:
    """What was measured at a place, round by round; each list has one entry a round.

    Attributes:
        place: its name.
        health: ``GET /health`` of the same service.
        strategies: by name.
        pgbench: transactions a second of the lean booking; empty where there is none to compare.
    """

    place: str
    health: Sequence[Measurement]
    strategies: Mapping[str, Sequence[Measurement]]
    pgbench: Sequence[float]

    def share_of_health(self, strategy: str) -> Spread:
        """Bookings a second, as a share of the requests to ``/health``."""
        return Spread.of_ratios(_rates(self.strategies[strategy]), _rates(self.health))

    def share_of_pgbench(self, strategy: str) -> Spread:
        """Bookings a second, as a share of pgbench's transactions."""
        return Spread.of_ratios(_rates(self.strategies[strategy]), self.pgbench)

    def cpu_by_health(self, strategy: str, part: str) -> Spread:
        """CPU time of a part for each booking, by what all parts take for one ``/health``."""
        whole = [sum(one.cpu_us.values()) for one in self.health]
        return Spread.of_ratios([one.cpu_us[part] for one in self.strategies[strategy]], whole)


def run(
    lab: RunningLab,
    place: Target,
    strategies: Sequence[str],
    clients: int,
    seconds: float,
    rounds: int,
    progress: Callable[[str], None],
) -> BookingFigures:
    """Measure everything once a round.

    Args:
        lab: a lab with the places of ``places.prepare``.
        place: what is booked.
        strategies: under which.
        clients: how many.
        seconds: how long each measurement takes.
        rounds: how many.
        progress: gets what is being measured.
    """
    health: list[Measurement] = []
    booked: dict[str, list[Measurement]] = {name: [] for name in strategies}
    peers: list[float] = []
    for number in range(1, rounds + 1):
        at = f"{place.name}, round {number} of {rounds}"
        progress(f"{at}: GET /health")
        health.append(_measure(lab, HEALTH, clients, seconds))
        for name in strategies:
            progress(f"{at}: {name}")
            prepare_strategy(lab.url, name, place)
            booked[name].append(_measure(lab, place, clients, seconds))
        if place is UNIFORM:
            progress(f"{at}: pgbench")
            prepare_strategy(lab.url, strategies[0], place)
            peers.append(pgbench.run(lab.database_url, pgbench.BOOKING, clients, seconds))
    return BookingFigures(place.name, health, booked, peers)


def prepare_strategy(url: str, strategy: str, place: Target) -> None:
    """Switch to a strategy, and have everything of a place to be booked again."""
    with Customer(url) as admin:
        admin.post("/admin/strategy", {"strategy": strategy})
        admin.post(f"/admin/reset?kind={place.kind}&scope={place.id}")


def as_json(figures: BookingFigures) -> dict[str, Any]:
    """Return the figures with every round."""
    return asdict(figures)


def _measure(lab: RunningLab, place: Target, clients: int, seconds: float) -> Measurement:
    before = cpu.spent(lab)
    found = run_load(lab.url, place, clients, seconds)
    after = cpu.spent(lab)
    cost = {part: 1e6 * (after[part] - before[part]) / max(1, found.requests) for part in cpu.PARTS}
    return Measurement(found, cost)


def _rates(measured: Sequence[Measurement]) -> list[float]:
    return rates(one.load for one in measured)
