"""Explorations one after the other, on the same servers."""

from booking_lab.explorer.explore import Plan, explore
from booking_lab.explorer.search import Exhaustive
from booking_lab.registry import SHIPPED, Registry
from booking_lab.workloads import Workloads


def test_what_an_exploration_leaves_behind_is_not_in_the_way_of_the_next(place):
    registry = Registry([SHIPPED])
    entry = registry.get("none")
    scenarios = [(one, scenario) for one in Workloads() for scenario in one.scenarios(2)]

    def explored():
        for workload, scenario in scenarios:
            plan = Plan((entry, entry.make({})), workload, scenario)
            yield explore(place, registry, plan, Exhaustive())

    first, second = ([(f.schedules, f.anomalies) for f in explored()] for _ in range(2))

    assert first == second
    for _, anomalies in first:
        assert anomalies
        assert set(anomalies) <= entry.kind.allows
