"""Which schedules a search picks, of a world that is made up."""

from itertools import chain, count, repeat
from math import comb

import pytest

from booking_lab.explorer.search.exhaustive import ExhaustiveSearch, split_forks
from booking_lab.explorer.search.sampling import RandomSearch, SampledSearch
from booking_lab.explorer.search.schedule import Diverged, ScheduleMove, schedule_text


def picked(search, *steps):
    """Run all schedules of bookers that make so many moves each and never wait; return them."""
    found = []
    while one := one_schedule(search, *steps):
        found += one
    return found


def one_schedule(search, *steps):
    """Run the next; return it in a list, which is empty if there is none."""
    found = []
    if search.begin():
        left = dict(zip("ABCDE", steps, strict=False))
        moves = []
        while any(left.values()):
            move = search.choose(
                [ScheduleMove(name, "read") for name, many in left.items() if many], 0
            )
            left[move.actor] -= 1
            moves.append(move)
        found.append(schedule_text(moves))
    return found


def orders(*steps):
    """How many orders there are."""
    total = 1
    for number, many in enumerate(steps):
        total *= comb(sum(steps[: number + 1]), many)
    return total


def with_preemptions(first, second, most):
    """How many orders of two have so few: each is interrupted at places inside of its steps."""
    cuts = [
        (a, b) for a in range(most + 1) for b in range(most + 1) if a + b <= most and abs(a - b) < 2
    ]
    return sum(
        (2 if a == b else 1) * comb(first - 1, a) * comb(second - 1, b) for a, b in chain(cuts)
    )


@pytest.mark.parametrize("steps", [(2, 2), (6, 5), (2, 3, 2), (1, 24)])
def test_all_are_run_and_each_once(steps):
    search = ExhaustiveSearch()
    found = picked(search, *steps)

    assert len(found) == len(set(found)) == orders(*steps)
    assert search.complete


@pytest.mark.parametrize("make", [ExhaustiveSearch, lambda most: SampledSearch(most, 10_000)])
@pytest.mark.parametrize("steps", [(4, 4), (15, 12), (2, 30)])
def test_forks_are_followed_however_late_they_come(make, steps):
    found = picked(make(1), *steps)

    assert len(found) == len(set(found)) == with_preemptions(*steps, 1)


def odd_one(search, differs):
    """Run schedules; each seventh is another one from the third move on, or what happens there."""
    runs = 0
    while search.begin():
        runs += 1
        odd = runs % 7 == 0
        for number in range(6):
            third = "write" if odd and number == 2 and differs == "moves" else "read"
            search.choose(
                [ScheduleMove("A", third), ScheduleMove("B", "read")], int(odd and number > 2)
            )
        search.end(0)


@pytest.mark.parametrize(
    "make", [ExhaustiveSearch, lambda: RandomSearch(200, 1), lambda: SampledSearch(None, 1000)]
)
@pytest.mark.parametrize("differs", ["moves", "what happened"])
def test_a_run_that_does_not_repeat_itself_is_an_error(make, differs):
    with pytest.raises(Diverged, match="runs of the same schedule differ"):
        odd_one(make(), differs)


def ends(search, how):
    """Run schedules of one move that end like this; return which of them counted."""
    counted = []
    while search.begin():
        counted.append(search.is_new)
        search.choose([ScheduleMove("A", "read")], 0)
        search.end(next(how))
    return counted


def test_one_schedule_in_ten_is_drawn_twice_and_has_to_end_the_same():
    counted = ends(RandomSearch(25, 3), repeat(0))

    assert (counted.count(True), counted.count(False)) == (25, 3)
    with pytest.raises(Diverged):
        ends(RandomSearch(15, 3), count())


def test_a_drawn_schedule_depends_on_its_number_alone():
    together = picked(RandomSearch(8, 5), 4, 4)
    apart = [picked(RandomSearch(range(n, n + 1), 5), 4, 4)[-1] for n in range(8)]

    assert len(set(apart)) > 4
    assert [one for n, one in enumerate(together) if n != 1] == apart


@pytest.mark.parametrize("steps", [(4, 4), (2, 2, 3)])
@pytest.mark.parametrize("after", [1, 5, 20])
def test_what_is_shared_out_is_run_by_somebody_and_by_nobody_twice(steps, after):
    first, found, share = ExhaustiveSearch(), [], 0.0
    for _ in range(after):
        found += one_schedule(first, *steps)
    parts, rest = [], first.remaining_forks()
    share = first.share
    while len(parts) < 5 and (halves := split_forks(rest)):
        rest, others = halves
        parts.append(others)
    for part in [rest, *parts]:
        search = ExhaustiveSearch(part=part)
        found += picked(search, *steps)
        share += search.share

    assert len(found) == len(set(found)) == orders(*steps)
    assert share == pytest.approx(1)
