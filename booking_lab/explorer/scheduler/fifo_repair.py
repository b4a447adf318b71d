"""Who waits first goes on first: finds out who was overtaken, and repeats the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, count

from booking_lab.explorer.scheduler.booker import Booker
from booking_lab.explorer.search.schedule import ScheduleMove
from booking_lab.explorer.search.search import Fork

#: Picks a move among those that are possible, knowing a digest of what happened so far.
Choose = Callable[[Sequence[ScheduleMove], int], ScheduleMove]

#: How often a schedule is run until nobody is overtaken.
TRIES = 20


def is_reordered(
    line: Sequence[Booker], before: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]]
) -> bool:
    """Whether one of ``line`` has begun to wait for another who stood behind him there."""
    return any(
        later.name in now.get(earlier.name, ()) and later.name not in before.get(earlier.name, ())
        for earlier, later in combinations(line, 2)
    )


def repeating(picked: list[Fork], choose: Choose) -> Choose:
    """Pick what was picked before, and take down what ``choose`` picks from there on."""
    known, numbers = len(picked), count()

    def pick(moves: Sequence[ScheduleMove], digest: int) -> ScheduleMove:
        number = next(numbers)
        if number >= known:
            picked.append(Fork(moves, digest, 1, [choose(moves, digest)]))
        fork = picked[number]
        fork.compare(moves, digest, (one.remaining[0] for one in picked[:number]))
        return fork.remaining[0]

    return pick
