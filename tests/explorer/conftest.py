"""Explorations on the servers that the tests share."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan, ExplorationServers
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.explorer.search.search import Search
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads

Run = Callable[..., Exploration]

STRATEGY = """
from dataclasses import dataclass
from booking_lab import Attempt, Busy, LockTimeout, StepKind, Strategy

@dataclass(frozen=True)
class Own(Strategy):
    def book(self, attempt: Attempt) -> None:
        who = "ABCD"[attempt.request.id.int - 0xA0]
        def send(statement, kind=StepKind.ACQUIRE):
            return attempt.statement(kind, "own", f"SELECT {statement}", {})
        def book():
            attempt.write(attempt.decide(attempt.read()))
"""


@pytest.fixture
def exploration_servers(database_url, redis_url, redlock_urls) -> ExplorationServers:
    """Servers that belong to the test."""
    return ExplorationServers(database_url, redis_url, redlock_urls)


@pytest.fixture
def run(exploration_servers) -> Run:
    """Explore a strategy on a workload; by default all schedules of two bookers for one seat."""

    def run(
        strategy: str = "none",
        *,
        options: dict | None = None,
        scenario: int | object = 0,
        bookers: int = 2,
        workers: int = 0,
        nemeses: tuple[str, ...] = (),
        search: Search | None = None,
        folders: tuple = (),
        full: bool = True,
    ) -> Exploration:
        registry = Registry([SHIPPED, *folders], shelf=True)
        entry = registry.get(strategy)
        seats = Workloads().get("seats")
        if isinstance(scenario, int):
            scenario = seats.scenarios(bookers)[scenario]
        plan = ExplorationPlan(
            (entry, entry.create(options or {})), seats, scenario, workers, nemeses
        )
        return explore(exploration_servers, registry, plan, search or ExhaustiveSearch(), full=full)

    return run


@pytest.fixture
def own(tmp_path: Path, run: Run) -> Run:
    """Explore a strategy from what its method does."""

    def own(book: str, **more: object) -> Exploration:
        body = indent(dedent(book), " " * 8)
        (tmp_path / "own.py").write_text(STRATEGY + body)
        return run("own", folders=(tmp_path,), **more)

    return own
