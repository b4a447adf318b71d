"""Which schedules a search picks, of a world that is made up."""

from itertools import chain
from math import comb

import pytest

from booking_lab.conformance.sampling import Sample
from booking_lab.explorer.schedule import Move, written
from booking_lab.explorer.search import Exhaustive


def picked(search, *steps):
    """Run all schedules of bookers that make so many moves each and never wait; return them."""
    found = []
    while search.begin():
        left = dict(zip("ABCDE", steps, strict=False))
        moves = []
        while any(left.values()):
            move = search.choose([Move(name, "read") for name, many in left.items() if many])
            left[move.actor] -= 1
            moves.append(move)
        found.append(written(moves))
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
    search = Exhaustive()
    found = picked(search, *steps)

    assert len(found) == len(set(found)) == orders(*steps)
    assert search.complete


@pytest.mark.parametrize("make", [Exhaustive, lambda most: Sample(most, 10_000)])
@pytest.mark.parametrize("steps", [(4, 4), (15, 12), (2, 30)])
def test_forks_are_followed_however_late_they_come(make, steps):
    found = picked(make(1), *steps)

    assert len(found) == len(set(found)) == with_preemptions(*steps, 1)
