"""One schedule stands for those in which bookers who ask for the same thing change places."""

import pytest

from booking_lab.core.capability import Capability, capabilities_of
from booking_lab.core.scenario import ChangeRequest, booker_name
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.explorer.search.symmetry import Symmetry
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads

REGISTRY = Registry([SHIPPED], shelf=True)
SERVERS = {Capability.REDIS, Capability.QUORUM}


def compare(exploration_servers, plan, search):
    """Explore with and without; hold the one to the other."""
    few, all_ = (
        explore(exploration_servers, REGISTRY, plan, search(), full=full) for full in (False, True)
    )

    assert (few.stands_for, few.bad_stand_for) == (all_.schedules, all_.bad)
    assert set(few.anomalies) == set(all_.anomalies)
    assert set(few.outcomes) == set(all_.outcomes)
    assert (all_.stands_for, all_.bad_stand_for) == (all_.schedules, all_.bad)
    return few, all_


@pytest.mark.parametrize(
    ("name", "nemeses"),
    [
        *((entry.name, ()) for entry in REGISTRY.entries()),
        *((name, ("death",)) for name in ("none", "pessimistic", "distributed", "mutex", "queue")),
    ],
)
def test_the_verdict_is_that_of_all_schedules(exploration_servers, name, nemeses):
    entry = REGISTRY.get(name)
    workload = next(
        w for w in Workloads() if not entry.strategy_class.needs - capabilities_of(w) - SERVERS
    )
    plan = ExplorationPlan(
        (entry, entry.create({})), workload, workload.scenarios(2)[0], 0, nemeses
    )

    few, all_ = compare(exploration_servers, plan, lambda: ExhaustiveSearch(1))

    assert few.schedules * 2 == all_.schedules


@pytest.mark.parametrize(
    ("name", "nemeses", "workers"),
    [
        *(("none", (), workers) for workers in (1, 2, 3)),
        ("pessimistic", ("death",), 3),
        ("mutex", ("death",), 2),
    ],
)
def test_three_bookers_in_as_many_processes_as_there_may_be(
    exploration_servers, name, nemeses, workers
):
    entry, seats = REGISTRY.get(name), Workloads().get("seats")
    plan = ExplorationPlan(
        (entry, entry.create({})), seats, seats.scenarios(3)[0], workers, nemeses
    )

    few, all_ = compare(
        exploration_servers, plan, lambda: ExhaustiveSearch(1 if not nemeses else 0)
    )

    assert few.schedules < all_.schedules


def test_who_asks_for_something_else_is_not_interchangeable():
    one, other = Workloads().get("seats").scenarios(2)[0].requests
    asks = [one, other, ChangeRequest(one), ChangeRequest(one), ChangeRequest(one, other)]

    assert Symmetry.of(asks, 5).alike == [["A", "B"], ["C", "D"]]
    assert Symmetry.of(asks, 1).alike == [["A", "B"], ["C", "D"]]
    # In two processes, A and C and E are in the one, B and D in the other.
    assert Symmetry.of(asks, 2).alike == []
    assert [booker_name(number) for number in range(3)] == ["A", "B", "C"]
