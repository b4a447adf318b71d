"""Measures bookings of one contended counter, in this process and over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from booking_lab.bench import pgbench
from booking_lab.bench.booking import prepare_strategy
from booking_lab.bench.load import LoadResult, rates, run_load
from booking_lab.bench.rounds import Spread
from booking_lab.bench.targets import COUNTER
from booking_lab.core.booking import Outcome
from booking_lab.crowd.verdict import percentile
from booking_lab.runtime.engine import BookingContext
from booking_lab.runtime.lab import Lab
from booking_lab.stack.service import cpu_and_gc
from booking_lab.workloads.tickets import TicketRequest, Tickets

#: The strategies to compare; the first one is the reference.
STRATEGIES = ("pessimistic", "atomic", "queue", "reserve")

#: The core of the bookers in this process; each worker of the service has one core, too.
CORE = 0

_TICKETS = Tickets()


@dataclass(frozen=True)
class CounterFigures:
    """The measurements of the counter; each list has one entry for each round.

    Attributes:
        in_process: the measurements of bookers in threads of this process, by strategy.
        over_http: the measurements of clients of the service, by strategy.
        pgbench: transactions per second of an UPDATE of the counter, for as many ``clients``, and
            for a ``single`` client, which is fastest because all clients wait for one row.
    """

    in_process: Mapping[str, Sequence[LoadResult]]
    over_http: Mapping[str, Sequence[LoadResult]]
    pgbench: Mapping[str, Sequence[float]]

    def by_first(self, loads: Mapping[str, Sequence[LoadResult]], strategy: str) -> Spread:
        """Return the rate of a strategy divided by that of the first strategy."""
        return Spread.of_ratios(rates(loads[strategy]), rates(loads[STRATEGIES[0]]))

    def by_single(self, loads: Mapping[str, Sequence[LoadResult]], strategy: str) -> Spread:
        """Return the rate of a strategy divided by that of pgbench's single client."""
        return Spread.of_ratios(rates(loads[strategy]), self.pgbench["single"])


def run(
    url: str,
    lab: Lab,
    strategies: Sequence[str],
    clients: int,
    seconds: float,
    rounds: int,
    progress: Callable[[str], None],
) -> CounterFigures:
    """Measure each strategy once in each round.

    Args:
        url: the address of the service.
        lab: a lab in this process, on the same servers.
        strategies: the names of the strategies.
        clients: the number of bookers.
        seconds: the length of each measurement.
        rounds: the number of rounds.
        progress: called with the name of each measurement.
    """
    inside: dict[str, list[LoadResult]] = {name: [] for name in strategies}
    over_http: dict[str, list[LoadResult]] = {name: [] for name in strategies}
    peers: dict[str, list[float]] = {"clients": [], "single": []}
    for number in range(1, rounds + 1):
        at = f"{COUNTER.name}, round {number} of {rounds}"
        progress(f"{at}: pgbench")
        for who, many in (("clients", clients), ("single", 1)):
            peers[who].append(pgbench.run(lab.settings.database_url, pgbench.COUNT, many, seconds))
        for name in strategies:
            prepare_strategy(url, name, COUNTER)
            progress(f"{at}: {name}, in process")
            with cpu_and_gc.pinned_to_core(CORE):
                inside[name].append(_in_process(lab, clients, seconds))
            progress(f"{at}: {name}, over HTTP")
            over_http[name].append(run_load(url, COUNTER, clients, seconds))
    return CounterFigures(inside, over_http, peers)


def as_json(figures: CounterFigures) -> dict[str, Any]:
    """Return the figures with every round."""
    return asdict(figures)


def _in_process(lab: Lab, clients: int, seconds: float) -> LoadResult:
    """Measure bookers in threads of this process; the first booking of each is not timed."""
    start = threading.Barrier(clients)

    def booker(number: int) -> tuple[list[float], list[Outcome | None]]:
        wish = BookingContext(f"{number:032x}")
        times, outcomes = [], [_book(lab, number, wish)]
        start.wait(30)
        end = time.perf_counter() + seconds
        while (begin := time.perf_counter()) < end:
            outcomes.append(_book(lab, number, wish))
            times.append(time.perf_counter() - begin)
        return times, outcomes

    with ThreadPoolExecutor(clients) as pool:
        done = list(pool.map(booker, range(clients)))
    times = [one for times, _ in done for one in times]
    outcomes = [one for _, outcomes in done for one in outcomes]
    confirmed, refused = (outcomes.count(one) for one in (Outcome.CONFIRMED, Outcome.REFUSED))
    return LoadResult(
        per_second=len(times) / seconds,
        p99_ms=1000 * percentile(times, 0.99),
        confirmed=confirmed,
        refused=refused,
        other=len(outcomes) - confirmed - refused,
        requests=len(outcomes),
    )


def _book(lab: Lab, number: int, wish: BookingContext) -> Outcome | None:
    request = TicketRequest(event_id=COUNTER.id, quantity=1, customer_id=f"c{number}")
    return lab.engine.book(_TICKETS, request, wish).outcome
