"""The suite catches every known mistake, and every anomaly that isn't declared."""

from __future__ import annotations

import re

import pytest

from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.schedule import parse
from booking_lab.runtime.strategy_registry import SHELF, SHIPPED, Registry
from tests.conformance.conftest import ON_ONE_WORKLOAD

#: The first test of each fixture waits for a whole run of the suite.
pytestmark = pytest.mark.timeout(1200)

MISTAKES = sorted(file.stem for file in SHELF.glob("[!_]*.py"))
EXPLORED = ("test_interleavings", "test_lost_locks")


@pytest.fixture(scope="module")
def caught(run_suite):
    """What the suite says of the whole shelf."""
    struck = " or ".join(name for name in MISTAKES if nemeses(known_schedule(name)))
    only = f"does_not_allow or (when_a_lock and expiry and ({struck}))"
    if three := [name for name in MISTAKES if len(bookers(known_schedule(name))) > 2]:
        only += f" or (with_three_bookers and ({' or '.join(three)}))"
    return run_suite(*EXPLORED, strategies=MISTAKES, only=f"{ON_ONE_WORKLOAD} and ({only})")


def known_schedule(name):
    """The schedule that a mistake's description shows."""
    text = Registry([], shelf=True).get(name).description
    return parse(" ".join(re.findall("^    (.*)$", text, re.MULTILINE)))


def bookers(schedule):
    """Who takes part in it."""
    return {move.actor for move in schedule if move.is_by_booker}


def nemeses(schedule):
    """What has to go wrong in it."""
    return tuple(move.actor for move in schedule if not move.is_by_booker)


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_caught_with_its_schedule(caught, name):
    failures = [why for test, why in caught.items() if name in re.split(r"[\[\]-]", test)]

    assert failures
    for why in failures:
        assert f"{name} does not allow " in why
        assert "Wrong: " in why
        assert parse(re.search("--schedule '(.*)'", why)[1])


@pytest.mark.parametrize("name", MISTAKES)
def test_the_schedule_in_its_description_goes_wrong(run, name):
    schedule = known_schedule(name)

    found = run(
        name,
        bookers=len(bookers(schedule)),
        nemeses=nemeses(schedule),
        search=ReplaySearch(schedule),
    )

    assert found.anomalies["double booking"] == 1


@pytest.fixture(scope="module")
def caught_silent(run_suite, tmp_path_factory):
    """What the suite says of strategies that have lost what they say of themselves."""
    folder = tmp_path_factory.mktemp("silent")
    for name in SILENT:
        text = (SHIPPED / f"{name}.py").read_text()
        silent = re.sub(r"    allows\w* = frozenset\([^)]*\)\n", "", text)
        assert silent != text
        (folder / f"{name}_silent.py").write_text(silent)
    files = sorted(folder.iterdir())
    return run_suite(
        *EXPLORED, strategies=files, only="not flush and (does_not_allow or when_a_lock)"
    )


SILENT = ("none", "distributed")


@pytest.mark.parametrize(
    ("name", "anomaly"),
    [
        (name, anomaly)
        for name in SILENT
        for kind in [Registry([SHIPPED]).get(name).strategy_class]
        for anomaly in sorted(kind.allows | kind.allows_under_faults)
    ],
)
def test_each_anomaly_has_to_be_declared(caught_silent, name, anomaly):
    failures = [why for test, why in caught_silent.items() if f"{name}_silent" in test]

    assert any(re.search(f"{name}_silent does not allow .*{anomaly}", why) for why in failures)
