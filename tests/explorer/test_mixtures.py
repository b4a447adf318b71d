"""Two strategies beside each other: what is shown of them, and what the explorer finds now."""

from pathlib import Path

import pytest

from booking_lab.config import Settings
from booking_lab.core.verdict import Verdict
from booking_lab.explorer.matrix import matrix, mixtures
from booking_lab.explorer.matrix.mixtures import Mixture
from booking_lab.explorer.matrix.runner import explore_all
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads
from tests.uncounted import starting_uncounted

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = Registry([SHIPPED])
#: Pairs of more schedules take too long to be explored in a test; of the others, so many.
MOST, MANY = 12, 24


@pytest.fixture
def beside(exploration_servers):
    """Explore two strategies beside each other, in the plainest scenario of a workload."""

    def explored(one, other, workload="seats", bookers=2, *, full=False):
        workload = Workloads().get(workload)
        first, second = ((entry, entry.create({})) for entry in map(REGISTRY.get, (one, other)))
        plan = ExplorationPlan(first, workload, workload.scenarios(bookers)[0], beside=second)
        return explore(exploration_servers, REGISTRY, plan, ExhaustiveSearch(2), full=full)

    return explored


def test_each_of_two_books_under_its_own_strategy(beside):
    found = beside("advisory", "pessimistic")

    kinds = {(e.move.actor, e.detail) for e in found.worst.events if e.move.what == "acquire"}
    assert kinds == {("A", "advisory lock"), ("B", "row lock")}
    assert found.anomalies.keys() == {"double booking", "lost update"}


def test_who_books_under_another_strategy_changes_places_with_nobody(beside):
    whole = beside("none", "pessimistic", bookers=3, full=True)
    found = beside("none", "pessimistic", bookers=3)
    assert (found.stands_for, found.bad_stand_for) == (whole.schedules, whole.bad)
    assert found.schedules < whole.schedules <= 2 * found.schedules


@pytest.mark.parametrize("workload", ["seats", "slots", "tickets"])
@pytest.mark.parametrize("other", ["none", "pessimistic", "optimistic", "advisory", "queue"])
def test_a_constraint_binds_everybody(beside, workload, other):
    for pair in (("constraint", other), (other, "constraint")):
        found = beside(*pair, workload)
        assert (found.bad, found.outcomes["confirmed"]) == (0, found.schedules)


def test_what_is_kept_is_what_was_found(tmp_path):
    found = [
        Mixture("a", "c", "seats", 7, ["double booking"], "c", "one seat", "A:read"),
        Mixture("a", "b", "seats", 3),
    ]
    mixtures.save(found, tmp_path / "mixtures.json")
    assert mixtures.load(tmp_path / "mixtures.json") == [found[1], found[0]]
    assert mixtures.tables(found).splitlines()[4:] == [
        "| `a` | `b` | `c` |",
        "| `b` | `a` | - |",
        "| `c` | - | `a` |",
    ]


def test_what_is_kept_rests_on_the_code_that_is_there():
    assert mixtures.rests_on() == matrix.digest(), "run `make matrix`"


def test_every_two_strategies_are_there_and_the_document_shows_what_was_found():
    kept = mixtures.load()
    assert [one.key for one in kept] == sorted(
        one.key for one in mixtures.empty_mixtures(REGISTRY, list(Workloads()))
    )
    shown = (ROOT / mixtures.DOCUMENT).read_text().partition(mixtures.MARKS[0])[2]
    assert shown.partition(mixtures.MARKS[1])[0].strip() == mixtures.tables(kept)
    assert all(one.verdict is Verdict.SAFE for one in kept if "constraint" in one.key)


@pytest.mark.timeout(300)
def test_exploring_again_finds_the_same():
    quick = [one for one in mixtures.load() if one.schedules <= MOST]
    shown = quick[:: max(1, len(quick) // MANY)]
    assert len(shown) >= MANY

    with starting_uncounted():
        found = explore_all(
            [Mixture(one.strategy, one.beside, one.workload) for one in shown], Settings()
        )

    assert found == shown
