"""What bookers contend for, with bookings that stand already and are moved and cancelled."""

import pytest

from booking_lab.core.scenario import ChangeRequest
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads


def test_what_an_exploration_leaves_behind_is_not_in_the_way_of_the_next(exploration_servers):
    registry = Registry([SHIPPED])
    entry = registry.get("none")
    scenarios = [(one, scenario) for one in Workloads() for scenario in one.contests(2)]
    scenarios = [(one, scenario) for one, scenario in scenarios if not scenario.open]

    def explored():
        for workload, scenario in scenarios:
            plan = ExplorationPlan((entry, entry.create({})), workload, scenario)
            yield explore(exploration_servers, registry, plan, ExhaustiveSearch(1))

    first, second = ([(f.schedules, f.anomalies) for f in explored()] for _ in range(2))

    assert first == second
    assert sum(bool(anomalies) for _, anomalies in first) > len(first) / 3


ACTIONS = {
    "book beside move",
    "book behind move",
    "book beside cancel",
    "two moves",
    "move beside cancel",
    "two cancels",
    "swap",
    "two move to one place",
}


@pytest.mark.parametrize("bookers", [2, 3, 4])
@pytest.mark.parametrize("workload", list(Workloads()), ids=lambda one: one.name)
def test_every_workload_has_changes_of_bookings_that_stand(workload, bookers):
    contests = workload.contests(bookers)
    assert len({one.name for one in contests}) == len(contests)
    assert not contests[0].open
    changed = [one for one in contests if one.existing]
    assert {one.name for one in changed} == ACTIONS
    for one in contests:
        assert len(one.requests) == bookers
        assert {ask.of for ask in one.requests if isinstance(ask, ChangeRequest)} <= set(
            one.existing
        )


def test_what_stands_is_there_again_in_every_schedule(exploration_servers):
    """Whoever has the booking locked sees it as it was made, however the last schedule ended."""
    registry = Registry([SHIPPED])
    for name in ("pessimistic", "atomic"):
        entry = registry.get(name)
        for workload in Workloads():
            [scenario] = [one for one in workload.contests(2) if one.name == "two cancels"]
            plan = ExplorationPlan((entry, entry.create({})), workload, scenario)
            found = explore(exploration_servers, registry, plan, ExhaustiveSearch(2))
            assert found.bad == 0
            # Once each time, and never twice.
            assert found.outcomes["confirmed"] == found.schedules > 2


@pytest.mark.parametrize("workload", ["seats", "tickets", "slots"])
def test_a_crowd_has_scenarios_too(workload):
    """The suite's crowds take the plainest of as many bookers as they like."""
    for crowd in (10, 40):
        assert {len(one.requests) for one in Workloads().get(workload).scenarios(crowd)} >= {crowd}
