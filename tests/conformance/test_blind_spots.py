"""Strategies that are wrong where bookers don't want the very same thing, or don't book at all.

Each is wrong in one scenario, and looks right in the plainest: explorer, matrix and suite see it.
"""

from __future__ import annotations

import re

import pytest

from booking_lab.cli.matrix import undeclared_anomalies
from booking_lab.explorer.matrix.matrix import MatrixCell, explore_plan
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.schedule import parse, schedule_text
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads
from tests.conformance.variants import LIARS, write

#: Who is wrong, on which workload, in which scenario, and what comes of it.
WRONG = [
    ("locks_the_first", "seats", "baskets shared in part", "double booking"),
    ("compares_the_first", "seats", "baskets shared in part", "double booking"),
    ("locks_two", "seats", "baskets shared in part", "double booking"),
    ("locks_two", "slots", "slot with and without products", "overlap"),
    ("locks_the_ends", "seats", "baskets shared in part, crossed", "double booking"),
    ("one_key_for_all", "seats", "baskets shared in part, crossed", "double booking"),
    ("locks_one_kind", "slots", "slot with and without products", "overlap"),
    ("locks_the_first", "slots", "products shared in part", "oversell"),
    ("locks_the_hour", "slots", "across the hour", "overlap"),
    ("locks_the_branch", "slots", "across the hour", "overlap"),
    ("locks_the_service", "slots", "across the hour", "overlap"),
    ("locks_the_day", "slots", "across the day", "overlap"),
    ("locks_the_week", "slots", "across the day", "overlap"),
    ("locks_the_month", "slots", "across the day", "overlap"),
    ("locks_the_year", "slots", "across the day", "overlap"),
    ("locks_the_last_day", "slots", "one within the other", "overlap"),
    ("locks_the_last_year", "slots", "one within the other", "overlap"),
    ("chooses_apart", "seats", "best", "double booking"),
    ("chooses_apart", "slots", "any resource beside a named one", "overlap"),
    ("moves_unlocked", "seats", "book beside move", "double booking"),
    ("moves_unlocked", "slots", "book beside move", "oversell"),
    ("moves_unlocked", "tickets", "book beside move", "oversell"),
    ("moves_lock_three", "seats", "book beside move", "double booking"),
    ("moves_lock_the_ends", "seats", "book beside move", "double booking"),
    ("moves_lock_one_kind", "slots", "book beside move", "oversell"),
    ("moves_share", "seats", "two move to one place", "double booking"),
    ("moves_share", "slots", "two move to one place", "overlap"),
    ("moves_share", "tickets", "two move to one place", "oversell"),
    ("moves_and_lets_go", "seats", "book beside move", "double booking"),
    ("sold_out_in_doubt", "tickets", "enough for all", "refused while free"),
    ("not_held_in_doubt", "tickets", "book behind move", "refused while free"),
]
#: Who is wrong in the plainest contest, with two interruptions.
TWICE = [
    ("looks_before_it_leases", "seats", "one seat", "double booking"),
    ("looks_before_it_leases", "tickets", "last ticket", "oversell"),
    ("looks_before_it_leases", "slots", "one slot", "overlap"),
]
#: Who is not wrong where two bookers are left in peace.
OTHERWISE = [
    ("keeps_it_in_mind", "seats", "one seat", 2, ()),
    ("asks_and_keeps_in_mind", "seats", "one seat", 2, ()),
    ("goes_without_the_lease", "seats", "one seat", 2, ("impatience",)),
    ("goes_without_the_row", "seats", "one seat", 2, ("impatience",)),
    ("compares_once", "tickets", "one too few", 3, ()),
    ("clears_up_after_itself", "seats", "one seat", 3, ("impatience",)),
    ("ignores_the_fence", "tickets", "one too few", 3, ("expiry",)),
    ("fences_the_first", "seats", "baskets shared in part", 2, ("expiry",)),
    ("moves_unfenced", "seats", "book beside move", 2, ("expiry",)),
    ("moves_without_the_row", "seats", "two move to one place", 2, ("impatience",)),
]
#: One workload of each: the suite takes its time.
ONE_EACH = {name: workload for name, workload, *_ in reversed(WRONG)}


@pytest.fixture(scope="module")
def variants(tmp_path_factory):
    """The folder of those that are others with another number."""
    folder = tmp_path_factory.mktemp("variants")
    write(folder)
    return folder


@pytest.fixture(scope="module")
def registry(variants):
    return Registry([SHIPPED, LIARS, variants])


@pytest.fixture
def look(exploration_servers, registry):
    """Explore a liar in a scenario of two, as the matrix does."""

    def look(name, workload, scenario, search=None, bookers=2, nemeses=()):
        entry, workload = registry.get(name), Workloads().get(workload)
        [contest] = [one for one in workload.contests(bookers) if one.name == scenario]
        plan = ExplorationPlan((entry, entry.create({})), workload, contest, 0, nemeses)
        found = (
            explore(exploration_servers, registry, plan, search)
            if search
            else explore_plan(exploration_servers, registry, plan)
        )
        cell = MatrixCell(name, workload.name, *nemeses)
        cell.add(found, contest)
        return found, undeclared_anomalies(registry, cell)

    return look


@pytest.mark.parametrize(("name", "workload", "scenario", "anomaly"), [*WRONG, *TWICE])
def test_the_explorer_and_the_matrix_see_it(look, name, workload, scenario, anomaly):
    found, surprising = look(name, workload, scenario)

    assert anomaly in surprising
    shown = schedule_text(found.worst.schedule)
    again, _ = look(name, workload, scenario, ReplaySearch(parse(shown), 2))
    assert again.anomalies == dict.fromkeys(found.worst.anomalies, 2)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "workload", "scenario", "bookers", "nemeses"), OTHERWISE)
def test_the_explorer_and_the_matrix_see_what_takes_something_more(
    look, name, workload, scenario, bookers, nemeses
):
    more = {"bookers": bookers, "nemeses": nemeses}
    found, surprising = look(name, workload, scenario, **more)

    assert {"double booking", "oversell"} & set(surprising)
    shown = schedule_text(found.worst.schedule)
    again, _ = look(name, workload, scenario, ReplaySearch(parse(shown), 2), **more)
    assert again.anomalies == dict.fromkeys(found.worst.anomalies, 2)


@pytest.mark.parametrize("name", sorted({name for name, *_ in WRONG}))
def test_nothing_is_to_be_seen_in_the_plainest_contest(look, name):
    for workload in {"seats": "one seat", "tickets": "last ticket", "slots": "one slot"}.items():
        if name == "chooses_apart" and workload[0] == "tickets":
            continue
        if name == "sold_out_in_doubt" or (name, workload[0]) not in {w[:2] for w in WRONG}:
            continue
        found, _ = look(name, *workload)
        assert found.bad == 0


APART = {
    "seats": "different seats",
    "tickets": "different events",
    "slots": "different resources",
}


@pytest.mark.parametrize(("workload", "scenario"), APART.items())
def test_bookers_who_share_nothing_and_wait_all_the_same_are_found_and_not_called_bad(
    look, workload, scenario
):
    found, surprising = look("one_lock_for_all", workload, scenario)
    assert found.serialised > 0
    assert (found.bad, surprising) == (0, [])
    assert any(event.waits_for for event in found.serial.events)

    found, _ = look("says_it_serialises", workload, scenario)
    assert found.serialised == 0


@pytest.mark.parametrize("name", ["serializable", "layered"])
@pytest.mark.parametrize("workload", ["seats", "tickets"])
def test_who_books_different_things_at_serializable_is_in_nobodys_way(look, name, workload):
    found, _ = look(name, workload, APART[workload])

    assert found.serialised == 0
    assert found.outcomes["confirmed"] == 2 * found.schedules


@pytest.mark.parametrize("workload", ["seats", "tickets", "slots"])
@pytest.mark.parametrize("scenario", ["book beside cancel", "move beside cancel", "two cancels"])
def test_who_cancels_without_a_lock_harms_nobody(look, workload, scenario):
    """What a cancellation rests on is compared by the write itself, whatever the strategy."""
    found, _ = look("cancels_unlocked", workload, scenario)

    assert found.bad == 0
    assert found.outcomes["confirmed"] >= found.schedules


@pytest.fixture(scope="module")
def caught(run_suite, registry):
    """What the suite says of each, on a workload on which it is wrong."""
    only = " or ".join(f"({name} and {workload})" for name, workload in ONE_EACH.items())
    return run_suite(
        "test_interleavings",
        strategies=[registry.source(name) for name in ONE_EACH],
        only=f"test_lets_nothing_through_that_it_does_not_allow and ({only})",
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("name", "workload"), ONE_EACH.items())
def test_the_suite_catches_it_with_a_schedule(caught, name, workload):
    failures = [
        why for test, why in caught.items() if {name, workload} <= set(re.split(r"[\[\]-]", test))
    ]

    assert failures
    for why in failures:
        assert f"{name} does not allow " in why
        assert parse(re.search("--schedule '(.*)'", why)[1])
