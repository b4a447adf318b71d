"""Detects runs in which PostgreSQL woke waiters out of order, and repeats their choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, count

from booking_lab.explorer.scheduler.booker import Booker
from booking_lab.explorer.search.schedule import ScheduleMove
from booking_lab.explorer.search.search import Fork

#: Chooses one of the possible moves; the second argument is the digest of the events so far.
Choose = Callable[[Sequence[ScheduleMove], int], ScheduleMove]

#: The highest number of runs of a schedule whose waiters were woken out of order.
TRIES = 20


def is_reordered(
    line: Sequence[Booker], before: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]]
) -> bool:
    """Whether a booker has begun to wait for one that was behind it in ``line``.

    Args:
        line: the waiting bookers, in the order in which they began to wait.
        before: the bookers that each one waited for, before the last move.
        now: the bookers that each one waits for now.
    """
    return any(
        later.name in now.get(earlier.name, ()) and later.name not in before.get(earlier.name, ())
        for earlier, later in combinations(line, 2)
    )


def repeating(picked: list[Fork], choose: Choose) -> Choose:
    """Return a function that repeats the ``picked`` choices, then records those of ``choose``."""
    known, numbers = len(picked), count()

    def pick(moves: Sequence[ScheduleMove], digest: int) -> ScheduleMove:
        number = next(numbers)
        if number >= known:
            picked.append(Fork(moves, digest, 1, [choose(moves, digest)]))
        fork = picked[number]
        fork.compare(moves, digest, (one.remaining[0] for one in picked[:number]))
        return fork.remaining[0]

    return pick
