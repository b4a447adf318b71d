"""Strategies that break one rule each: the suite catches each by the test that is for it."""

import re
import shutil
from pathlib import Path

import pytest

from booking_lab.runtime.strategy_registry import SHIPPED
from tests.conformance.conftest import ON_ONE_WORKLOAD

#: The first test of each fixture waits for a whole run of the suite.
pytestmark = pytest.mark.timeout(1200)

#: Who lies to the explorer, and the tests that have to say so.
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
    "speaks_first": ["test_announces_each_message_as_a_step"],
    "books_nothing": ["test_every_booker_gets_an_answer"],
    "one_lock_for_all": ["test_says_why_bookers_who_share_nothing_are_in_each_others_way"],
    "says_it_serialises": ["test_shows_that_it_serialises_if_it_says_so"],
    "goes_without_the_lease": ["test_keeps_its_word_when_a_wait_ends"],
    "goes_without_the_row": ["test_keeps_its_word_when_a_wait_ends"],
    "keeps_it_in_mind": ["test_lets_nothing_through_that_it_does_not_allow"],
    "asks_and_keeps_in_mind": ["test_lets_nothing_through_that_it_does_not_allow"],
    "looks_before_it_leases": ["test_lets_nothing_through_that_it_does_not_allow"],
}
#: Who lies to three only, or to two who change bookings or share in part while a nemesis strikes:
#: the workload, the test and how many.
ELSEWHERE = {
    "compares_once": ("tickets", "test_lets_nothing_through_with_three_bookers", 3),
    "clears_up_after_itself": ("seats", "test_keeps_its_word_when_a_wait_ends", 3),
    "ignores_the_fence": ("tickets", "test_keeps_its_word_when_a_lock_is_lost", 3),
    "fences_the_first": ("seats", "test_keeps_its_word_when_a_lock_is_lost", 2),
    "moves_unfenced": ("seats", "test_keeps_its_word_when_a_lock_is_lost", 2),
    "moves_without_the_row": ("seats", "test_keeps_its_word_when_a_wait_ends", 2),
}
#: Who lies to customers.
OVER_HTTP = {
    "hides_errors": [
        "test_says_so_when_postgresql_cuts_it_off",
        "test_says_so_when_redis_goes_away",
    ],
    "books_nothing": ["test_keeps_its_word_in_a_crowd", "test_is_traced"],
    "never_lets_go": ["test_keeps_its_word_when_a_worker_is_killed"],
    "works_elsewhere": ["test_is_traced"],
    "none_silent": ["test_keeps_its_word_in_a_crowd", "test_keeps_its_word_in_a_race"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The liars, and one that is a strategy of the lab without what it says of itself."""
    folder = tmp_path_factory.mktemp("liars")
    shutil.copytree(Path(__file__).with_name("liars"), folder, dirs_exist_ok=True)
    text = (SHIPPED / "none.py").read_text()
    silent = re.sub(r"    allows\w* = frozenset\([^)]*\)\n", "", text)
    assert silent != text
    (folder / "none_silent.py").write_text(silent)
    return folder


@pytest.fixture(scope="module")
def caught(run_suite, folder):
    only = " or ".join(f"({name} and ({' or '.join(LIARS[name])}))" for name in LIARS)
    return run_suite(
        "test_description",
        "test_interleavings",
        "test_lost_locks",
        "test_lost_patience",
        strategies=[folder / f"{name}.py" for name in LIARS],
        only=f"({ON_ONE_WORKLOAD}) and ({only})",
    )


@pytest.mark.parametrize(("name", "test"), [(n, test) for n in LIARS for test in LIARS[n]])
def test_each_liar_is_caught_by_the_explorer(caught, name, test):
    assert any(re.match(rf"{test}\[{name}\b", one) for one in caught), list(caught)


@pytest.fixture(scope="module")
def caught_elsewhere(run_suite, folder):
    only = " or ".join(
        f"({name} and {workload} and {test} and not flush)"
        for name, (workload, test, _) in ELSEWHERE.items()
    )
    return run_suite(
        "test_interleavings",
        "test_lost_locks",
        "test_lost_patience",
        strategies=[folder / f"{name}.py" for name in ELSEWHERE],
        only=only,
    )


@pytest.mark.parametrize("name", ELSEWHERE)
def test_each_liar_that_looks_right_in_the_plainest_contests_is_caught_elsewhere(
    caught_elsewhere, name
):
    _, test, bookers = ELSEWHERE[name]
    [why] = [why for one, why in caught_elsewhere.items() if re.match(rf"{test}\[.*{name}", one)]
    assert f"{bookers} bookers" in why
    assert "To see it again" in why


@pytest.fixture(scope="module")
def caught_over_http(run_suite, folder):
    # Each with the tests that are for it: what else they do wrong takes time to find out.
    only = " or ".join(
        f"({name} and ({' or '.join(OVER_HTTP[name])}) and {ON_ONE_WORKLOAD})" for name in OVER_HTTP
    )
    return run_suite(
        "test_crowd",
        "test_kill",
        "test_away",
        "test_telemetry",
        strategies=[folder / f"{name}.py" for name in OVER_HTTP],
        only=only,
    )


@pytest.mark.parametrize(("name", "test"), [(n, test) for n in OVER_HTTP for test in OVER_HTTP[n]])
def test_each_liar_is_caught_over_http(caught_over_http, name, test):
    assert any(re.match(rf"{test}\[{name}\b", one) for one in caught_over_http), list(
        caught_over_http
    )
