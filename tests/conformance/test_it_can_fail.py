"""The suite catches what it is there for: every known mistake, and every promise that isn't kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from booking_lab.explorer.schedule import parse
from booking_lab.explorer.search import Replay
from booking_lab.registry import SHELF, SHIPPED, Registry
from booking_lab.workloads import Workloads

MISTAKES = sorted(file.stem for file in SHELF.glob("[!_]*.py"))
#: The plainest workload is enough: where a mistake is one on the others as well, it costs time.
ON_ONE_WORKLOAD = " and ".join(f"not {workload.name}" for workload in list(Workloads())[1:])
EXPLORED = ("test_interleavings", "test_lost_locks")


@pytest.fixture(scope="module")
def caught(run_suite):
    """What the suite says of the whole shelf."""
    only = f"(lets_nothing or when_a_lock) and not flush and {ON_ONE_WORKLOAD}"
    return run_suite(*EXPLORED, strategies=MISTAKES, only=only)


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
    text = Registry([], shelf=True).get(name).description
    schedule = parse(" ".join(re.findall("^    (.*)$", text, re.MULTILINE)))
    bookers = {move.actor for move in schedule if move.is_bookers}
    nemeses = tuple(move.actor for move in schedule if not move.is_bookers)

    found = run(name, bookers=len(bookers), nemeses=nemeses, search=Replay(schedule))

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
        for kind in [Registry([SHIPPED]).get(name).kind]
        for anomaly in sorted(kind.allows | kind.allows_under_faults)
    ],
)
def test_each_anomaly_has_to_be_declared(caught_silent, name, anomaly):
    failures = [why for test, why in caught_silent.items() if f"{name}_silent" in test]

    assert any(re.search(f"{name}_silent does not allow .*{anomaly}", why) for why in failures)


#: Strategies that break one rule each, and the tests that have to say so.
LIARS = {
    "says_little": [
        "test_describes_itself",
        "test_explains_each_option",
        "test_refuses_options_that_make_no_sense",
        "test_bounds_each_number",
    ],
    "too_modest": [
        "test_shows_each_anomaly_that_it_allows",
        "test_shows_each_anomaly_that_it_allows_under_faults",
    ],
    "gets_lost": ["test_every_booker_gets_an_answer"],
    "waits_for_ever": ["test_every_booker_gets_an_answer"],
    "goes_behind": ["test_announces_each_message_as_a_step"],
    "says_no_too_soon": ["test_keeps_its_word_when_an_answer_is_lost"],
}
OVER_HTTP = {
    "hides_errors": [
        "test_says_so_when_postgresql_cuts_it_off",
        "test_says_so_when_redis_goes_away",
    ],
    "never_lets_go": ["test_keeps_its_word_when_a_worker_is_killed"],
    "none_silent": ["test_keeps_its_word_in_a_crowd", "test_keeps_its_word_in_a_race"],
}


def files(names):
    return [Path(__file__).with_name("liars") / f"{name}.py" for name in names]


@pytest.fixture(scope="module")
def caught_lying(run_suite):
    return run_suite(
        "test_description",
        *EXPLORED,
        "test_lost_answers",
        strategies=files(LIARS),
        only=ON_ONE_WORKLOAD,
    )


@pytest.mark.parametrize(("name", "test"), [(n, test) for n in LIARS for test in LIARS[n]])
def test_each_rule_is_held(caught_lying, name, test):
    assert any(re.match(rf"{test}\[{name}\b", one) for one in caught_lying), list(caught_lying)
