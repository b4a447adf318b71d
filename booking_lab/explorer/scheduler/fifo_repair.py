"""Who waits first goes on first: finds out who was overtaken, and repeats the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, count

from booking_lab.explorer.scheduler.booker import Booker
from booking_lab.explorer.search.schedule import Move
from booking_lab.explorer.search.search import Fork

#: Picks a move among those that are possible, knowing a digest of what happened so far.
Choose = Callable[[Sequence[Move], int], Move]

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


def again(picked: list[Fork], choose: Choose) -> Choose:
    """Pick what was picked before, and take down what ``choose`` picks from there on."""
    known, numbers = len(picked), count()

    def pick(moves: Sequence[Move], seen: int) -> Move:
        number = next(numbers)
        if number >= known:
            picked.append(Fork(moves, seen, 1, [choose(moves, seen)]))
        fork = picked[number]
        fork.compare(moves, seen, (one.left[0] for one in picked[:number]))
        return fork.left[0]

    return pick
