"""Explorations on the servers that the tests share."""

from collections.abc import Callable

import pytest

from booking_lab.explorer.explore import Exploration, Place, Plan, explore
from booking_lab.explorer.search import Exhaustive, Search
from booking_lab.registry import SHIPPED, Registry
from booking_lab.workloads import Workloads

Run = Callable[..., Exploration]


@pytest.fixture
def place(database_url, redis_url, redlock_urls) -> Place:
    """Servers that belong to the test."""
    return Place(database_url, redis_url, redlock_urls)


@pytest.fixture
def run(place) -> Run:
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
    ) -> Exploration:
        registry = Registry([SHIPPED, *folders], shelf=True)
        entry = registry.get(strategy)
        seats = Workloads().get("seats")
        if isinstance(scenario, int):
            scenario = seats.scenarios(bookers)[scenario]
        plan = Plan((entry, entry.make(options or {})), seats, scenario, workers, nemeses)
        return explore(place, registry, plan, search or Exhaustive())

    return run
