"""What the explorer finds, that it finds everything, and that it finds it again."""

from math import factorial
from textwrap import dedent

import pytest

from booking_lab.core.lab_workload import Scenario
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.sampling import RandomSearch
from booking_lab.explorer.search.schedule import Diverged, InvalidSchedule, parse, schedule_text
from booking_lab.workloads.seats.requests import SeatRequest

WORST = "A:read B:read B:write B:commit A:write A:commit"
EVENT = 2000


def apart(bookers: int) -> Scenario:
    """Everybody wants a seat of their own: nobody is in anybody's way."""
    seed = f"""
        INSERT INTO events (id, name, venue, event_date, total_seats)
        VALUES ({EVENT}, 'Room enough', 'Everywhere', now(), 5) ON CONFLICT DO NOTHING;
        INSERT INTO seats (event_id, seat_number, section, row_name)
        SELECT {EVENT}, 'S' || n, 'Pit', 'S' FROM generate_series(1, 5) AS n ON CONFLICT DO NOTHING;
        INSERT INTO resets (workload, scope) VALUES ('seats', '{EVENT}') ON CONFLICT DO NOTHING;
    """
    requests = [
        SeatRequest(event_id=EVENT, seats=(f"S{number}",), customer_id=f"c{number}")
        for number in range(1, bookers + 1)
    ]
    return Scenario("apart", seed, str(EVENT), requests)


@pytest.mark.parametrize(
    ("strategy", "bookers", "steps"),
    [("none", 2, 3), ("atomic", 3, 2), ("pessimistic", 2, 4), ("optimistic", 2, 5)],
)
def test_every_schedule_is_run_exactly_once(run, strategy, bookers, steps):
    """Without blocking there are (nk)!/(k!)^n of them."""
    seen = []

    class Watched(ExhaustiveSearch):
        def begin(self):
            seen.append([])
            return super().begin()

        def choose(self, *here):
            seen[-1].append(super().choose(*here))
            return seen[-1][-1]

    found = run(strategy, scenario=apart(bookers), bookers=bookers, search=Watched())

    assert found.schedules == factorial(bookers * steps) // factorial(steps) ** bookers
    assert len({schedule_text(moves) for moves in seen[:-1]}) == found.schedules
    assert (found.bad, found.complete) == (0, True)


@pytest.mark.parametrize(
    ("strategy", "schedules", "bad"),
    [
        ("none", 14, 12),
        ("pessimistic", 8, 0),
        ("optimistic", 92, 0),
        ("distributed", 10, 0),
        ("serializable", 14, 0),
        ("constraint", 14, 0),
        ("atomic", 4, 0),
        ("nowait", 20, 0),
    ],
)
def test_the_counts_are_the_same_every_time(run, strategy, schedules, bad):
    for _ in range(3):
        found = run(strategy)
        assert (found.schedules, found.bad) == (schedules, bad)
        assert set(found.anomalies) == ({"double booking", "lost update"} if bad else set())


def test_the_shortest_bad_schedule_is_kept_and_replays_the_same_ten_times(run):
    found = run("none")
    assert schedule_text(found.worst.schedule) == WORST

    trials = []
    for _ in range(10):
        again = run("none", search=ReplaySearch(parse(WORST)))
        assert again.bad == 1
        told = [
            (
                event.move,
                event.waits_for,
                event.note,
                event.saw,
                [m.statement for m in event.messages],
            )
            for event in again.last.events
        ]
        trials.append((told, again.last.endings, again.last.findings))

    assert trials == trials[:1] * 10


def test_preemptions_are_bounded_and_one_shows_the_race(run):
    counts = [run("none", search=ExhaustiveSearch(preemptions=most)) for most in (0, 1, 2)]

    # Nobody interrupted: one after the other, in either order.
    assert (counts[0].schedules, counts[0].bad) == (2, 0)
    assert counts[1].bad > 0
    assert counts[0].schedules < counts[1].schedules < counts[2].schedules <= 14
    assert not any(found.complete for found in counts)


def test_a_random_walk_is_the_same_for_the_same_seed(run):
    walks = [
        (found.schedules, found.bad, dict(found.outcomes), schedule_text(found.last.schedule))
        for found in [run("none", search=RandomSearch(30, seed)) for seed in (7, 7, 8)]
    ]

    assert walks[0] == walks[1]
    assert walks[0] != walks[2]
    assert walks[0][0] == 30


def test_who_waits_for_a_row_waits_for_its_holder(run):
    found = run("pessimistic", search=ReplaySearch(parse("A:acquire A:read B:acquire")))

    [waits] = [event for event in found.last.events if event.waits_for]
    assert (str(waits.move), waits.waits_for) == ("B:acquire", ("A",))
    assert [found.last.endings[name].outcome for name in "AB"] == ["confirmed", "refused"]


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("A:write", "A:write is not possible there; possible moves are: A:read B:read"),
        ("A:read B:read A:write B:write B:commit", "B:commit is not possible"),
        ("C:read", "C:read is not possible"),
    ],
)
def test_a_schedule_that_cannot_be_followed_is_an_error(run, schedule, message):
    with pytest.raises(Diverged, match=message):
        run("none", search=ReplaySearch(parse(schedule)))


@pytest.mark.parametrize("text", ["", "A", "A:", "A read", "1:read", "A:read,B:read"])
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(InvalidSchedule):
        parse(text)


def test_a_strategy_that_does_not_repeat_itself_is_an_error_never_a_pass(run, tmp_path):
    (tmp_path / "moody.py").write_text(
        dedent(
            '''
            """Reads once or twice, as it likes."""
            import os
            from dataclasses import dataclass
            from booking_lab import Attempt, Strategy

            @dataclass(frozen=True)
            class Moody(Strategy):
                def book(self, attempt: Attempt) -> None:
                    os.turns = getattr(os, "turns", 0) + 1  # what a new process would not forget
                    with attempt.transaction():
                        state = attempt.read()
                        if os.turns % 3 == 0:
                            attempt.read()
                        attempt.write(attempt.decide(state))
            '''
        )
    )
    with pytest.raises(Diverged, match="runs of the same schedule differ"):
        run("moody", folders=(tmp_path,))


def test_two_baskets_taken_in_different_orders_deadlock_and_in_one_order_do_not(run):
    unsorted_ = run("pessimistic", scenario=1, options={"in_order": False})
    in_order = run("pessimistic", scenario=1)

    assert unsorted_.deadlocks > 0
    assert in_order.deadlocks == 0
    # The one that is cancelled starts over, so nothing is lost.
    assert unsorted_.bad == in_order.bad == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_mutex_holds_in_one_worker_and_not_in_two(run, workers):
    found = run("mutex", workers=workers)

    assert (found.bad > 0) is (workers == 2)
    assert found.shares_memory


def test_three_bookers(run):
    found = run("pessimistic", bookers=3)
    assert (found.schedules, found.bad) == (run("pessimistic", bookers=3).schedules, 0)
    assert found.outcomes["confirmed"] == found.schedules

    assert run("none", bookers=3, search=ExhaustiveSearch(preemptions=1)).bad > 0
