"""What goes wrong, at every moment at which it can."""

import pytest

from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.schedule import parse

OVER_A_LOCK = {"double booking", "lost update"}


@pytest.mark.parametrize("nemesis", ["expiry", "flush"])
def test_a_lock_that_is_lost_under_work_double_books_and_a_fence_does_not(run, nemesis):
    lost = run("distributed", nemeses=(nemesis,), search=ExhaustiveSearch(preemptions=1))
    fenced = run("fenced", nemeses=(nemesis,), search=ExhaustiveSearch(preemptions=1))

    assert set(lost.anomalies) == OVER_A_LOCK
    assert nemesis in {move.actor for move in lost.worst.schedule}
    assert fenced.bad == 0
    assert fenced.schedules > run("fenced", search=ExhaustiveSearch(preemptions=1)).schedules


def test_redlock_double_books_once_it_has_expired(run):
    found = run("redlock", nemeses=("expiry",), search=ExhaustiveSearch(preemptions=1))

    assert set(found.anomalies) == OVER_A_LOCK


@pytest.mark.parametrize("strategy", ["pessimistic", "optimistic", "distributed", "fenced"])
def test_a_booker_that_dies_between_any_two_steps_spoils_nothing(run, strategy):
    found = run(strategy, nemeses=("death",), search=ExhaustiveSearch(preemptions=1))

    assert found.bad == 0
    assert found.outcomes["died"] > 0
    # A dead holder's row lock goes with its connection; a lease stays, and the others' wait ends.
    assert (found.outcomes["timeout"] > 0) is (strategy in {"distributed", "fenced"})


def test_a_dead_workers_bookers_die_together(run):
    found = run("mutex", workers=1, nemeses=("death",))

    assert found.outcomes["died"] % 2 == 0
    assert found.bad == 0


@pytest.mark.parametrize("strategy", ["none", "pessimistic", "serializable"])
def test_a_lost_answer_to_commit_is_found_out(run, strategy):
    found = run(strategy, nemeses=("loss",))

    assert set(found.anomalies) <= OVER_A_LOCK
    assert set(found.outcomes) == {"confirmed", "refused"}


def test_a_nemesis_strikes_where_the_schedule_says(run):
    address = "A:acquire A:read expiry:A B:acquire B:read B:write B:commit A:write A:commit"
    found = run("distributed", nemeses=("expiry",), search=ReplaySearch(parse(address)))

    assert found.bad == 1
    notes = [event.note for event in found.last.events if event.note]
    assert notes == ["A's lock expires"]


def test_a_dead_holders_lease_keeps_the_others_out_until_their_wait_is_over(run):
    address = "A:acquire death:A B:acquire time:passes B:acquire"
    found = run("distributed", nemeses=("death",), search=ReplaySearch(parse(address)))

    assert {name: one.outcome for name, one in found.last.endings.items()} == {
        "A": "died",
        "B": "timeout",
    }


@pytest.mark.parametrize(
    ("strategy", "workers", "address"),
    [
        ("pessimistic", 2, "A:acquire B:acquire impatience:B"),
        ("advisory", 2, "A:acquire B:acquire impatience:B"),
        ("atomic", 2, "A:write B:write impatience:B"),
        ("mutex", 1, "A:acquire B:acquire impatience:B B:acquire"),
        ("distributed", 2, "A:acquire A:read B:acquire impatience:B B:acquire"),
        ("queue", 1, "A:acquire A:acquire A:read B:acquire impatience:B"),
    ],
)
def test_a_wait_ends_while_its_holder_works(run, strategy, workers, address):
    found = run(
        strategy, workers=workers, nemeses=("impatience",), search=ReplaySearch(parse(address))
    )

    assert [one.outcome for one in found.last.endings.values()] == ["confirmed", "timeout"]
    assert found.bad == 0
    assert "B has waited too long" in [event.note for event in found.last.events]


def test_who_does_not_wait_is_not_impatient(run):
    plain, found = run("none"), run("nowait", nemeses=("impatience",))

    assert plain.schedules == 14
    assert found.schedules == run("nowait").schedules
    assert found.outcomes["timeout"] == 0


def test_whom_time_has_passed_for_has_time_again_in_the_next_schedule(run):
    ends = run("mutex", workers=1, nemeses=("impatience",))
    again = run("mutex", workers=1, nemeses=("impatience",))

    assert ends.outcomes == again.outcomes
    assert 0 < ends.outcomes["timeout"] < ends.schedules


def test_the_booking_of_who_died_after_its_commit_explains_refusals(own):
    found = own(
        """
        with attempt.transaction():
            attempt.lock_rows()
            book()
        send("1", StepKind.READ)
        """,
        nemeses=("death",),
    )

    assert found.outcomes["died"] > 0
    assert found.outcomes["refused"] > 0
    assert found.bad == 0
