"""One hot counter that everybody wants, in process and over HTTP: what ``queue`` is for."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

from booking_lab.bench import pgbench, transactions, wire
from booking_lab.bench.place import COUNTER
from booking_lab.bench.wire import Load
from booking_lab.core.booking import Outcome
from booking_lab.crowd.client import Customer
from booking_lab.runtime.engine import Wish
from booking_lab.runtime.lab import Lab
from booking_lab.stack.service import cpu_and_gc

#: Those that are compared here; the first is what the others are measured by.
STRATEGIES = ("pessimistic", "atomic", "queue", "reserve")
#: How many times as fast as the first ``queue`` has to be.
GOALS = {"in process": 10.0, "over HTTP": 2.0}

#: Where this process's bookers are: on one core, as those of each worker of the service.
CORE = 0

#: What pgbench can do at best with a counter: no reading, no booking, no record.
_BARE = f"""
UPDATE ticket_events SET available_tickets = available_tickets - 1 WHERE id = {COUNTER.id};
"""


@dataclass(frozen=True)
class Row:
    """A strategy's figures: the medians of its rounds."""

    strategy: str
    in_process: Load
    over_http: Load

    @property
    def loads(self) -> tuple[Load, Load]:
        """In process, over HTTP."""
        return self.in_process, self.over_http


@dataclass(frozen=True)
class Figures:
    """All figures of the counter; those of pgbench in transactions a second.

    Attributes:
        rounds: how often each strategy was measured.
        rows: one a strategy.
        statements: pgbench with the statements of the first strategy.
        bare: pgbench with an UPDATE of the counter and nothing else.
    """

    rounds: int
    rows: Sequence[Row]
    statements: float | None
    bare: float | None

    def ratios(self, row: Row) -> dict[str, float]:
        """How many times as fast as the first strategy, in process and over HTTP."""
        pairs = zip(row.loads, self.rows[0].loads, strict=True)
        figures = (load.per_second / first.per_second for load, first in pairs)
        return dict(zip(GOALS, figures, strict=True))


def run(
    url: str,
    lab: Lab,
    strategies: Sequence[str],
    clients: int,
    seconds: float,
    rounds: int,
    progress: Callable[[str], None],
) -> Figures:
    """Measure every strategy of ``strategies``, round by round.

    A machine that others use as well is not the same from one minute to the next, so each is
    measured in turn with the others.

    Args:
        url: the service.
        lab: one in this process, on the same servers.
        strategies: their names.
        clients: how many bookers wait.
        seconds: how long each measurement takes.
        rounds: how many.
        progress: gets what is being measured.
    """
    # Before the bookers of this process: there are not enough connections for both.
    progress(f"{COUNTER.name}: pgbench")
    script = pgbench.script(transactions.record(lab, strategies[0], COUNTER), COUNTER)
    peers = [
        pgbench.run(lab.settings.database_url, one, clients, seconds) for one in (script, _BARE)
    ]
    inside: dict[str, list[Load]] = {name: [] for name in strategies}
    over_http: dict[str, list[Load]] = {name: [] for name in strategies}
    for number, name in product(range(1, rounds + 1), strategies):
        with Customer(url) as admin:
            admin.post("/admin/strategy", {"strategy": name})
            admin.post(f"/admin/reset?kind=tickets&scope={COUNTER.id}")
        what = f"{name}, {COUNTER.name}, round {number} of {rounds}"
        progress(f"{what}: in process")
        with cpu_and_gc.staying_on(CORE):
            inside[name].append(wire.let_loose(lambda n: _booker(lab, n), clients, seconds))
        progress(f"{what}: over HTTP")
        over_http[name].append(wire.load(url, COUNTER, clients, seconds))
    rows = [
        Row(name, Load.typical(inside[name]), Load.typical(over_http[name])) for name in strategies
    ]
    return Figures(rounds, rows, *peers)


def as_json(figures: Figures) -> dict[str, Any]:
    """Return the figures as JSON has them."""
    return {
        "rounds": figures.rounds,
        "strategies": [{**asdict(row), "ratios": figures.ratios(row)} for row in figures.rows],
        "pgbench": {"statements": figures.statements, "bare": figures.bare},
        "goals": GOALS,
    }


@contextmanager
def _booker(lab: Lab, number: int) -> Iterator[Callable[[], str]]:
    chance, wish = random.Random(number), Wish(f"{number:032x}")

    def book() -> str:
        request = COUNTER.request(chance, f"c{number}")
        outcome = lab.engine.book(COUNTER.workload, request, wish).outcome
        return outcome if outcome in {Outcome.CONFIRMED, Outcome.REFUSED} else "other"

    yield book
