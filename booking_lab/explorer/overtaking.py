"""Who waits first goes on first: finds out who was overtaken, and repeats the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, count

from booking_lab.explorer.booker import Booker
from booking_lab.explorer.schedule import Move, repeated

Choose = Callable[[Sequence[Move]], Move]

#: How often a schedule is run until nobody is overtaken.
TRIES = 20


def is_overtaken(
    line: Sequence[Booker], before: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]]
) -> bool:
    """Whether one of ``line`` has begun to wait for another who stood behind him there."""
    return any(
        later.name in now.get(earlier.name, ()) and later.name not in before.get(earlier.name, ())
        for earlier, later in combinations(line, 2)
    )


def again(picked: list[tuple[Sequence[Move], Move]], choose: Choose) -> Choose:
    """Pick what was picked before, and take down what ``choose`` picks from there on."""
    known, numbers = len(picked), count()

    def pick(moves: Sequence[Move]) -> Move:
        number = next(numbers)
        if number >= known:
            picked.append((moves, choose(moves)))
        possible, move = picked[number]
        repeated(moves, possible, (one for _, one in picked[:number]))
        return move

    return pick
