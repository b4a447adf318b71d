"""Some of the schedules, drawn at random."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from zlib import crc32

from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.explorer.search.schedule import ScheduleMove, schedule_text
from booking_lab.explorer.search.search import Fork, not_repeated

#: Of schedules drawn at random, one in so many is run twice and has to come out the same.
_REPEAT_EVERY = 10
#: So many places are kept in mind, to see that a run repeats itself: some hundred MB.
_MOST_DIGESTS = 1_000_000


class SampledSearch(ExhaustiveSearch):
    """So many schedules in a drawn order that is the same in every run, none of them twice.

    Depth first would begin with all the ways to end, and not come to the ways to begin before it
    is cut off. Drawn, it has been everywhere by then.

    Attributes:
        through: whether every schedule with so few preemptions has been run.
        size: about how many such schedules there are: the mean of the products of how many ways
            there were to go on. See Knuth, "Estimating the efficiency of backtrack programs", 1975.

    Args:
        preemptions: as for ``ExhaustiveSearch``.
        most: how many are run.
    """

    def __init__(self, preemptions: int | None, most: int) -> None:
        super().__init__(preemptions)
        self.complete = self.has_run_all = False
        self.size = 0.0
        self._bounded = preemptions is not None
        self._most = most
        self._runs = 0
        self._chance = random.Random(0)

    def begin(self) -> bool:
        """Strike the last schedule off, and begin another."""
        more = super().begin()
        self.has_run_all = not more
        self.complete = self.has_run_all and not self._bounded
        self._runs += 1
        return more and self._runs <= self._most

    def end(self, digest: int) -> None:  # noqa: ARG002
        """Estimate anew how many schedules there are."""
        ways = math.prod(fork.width for fork, _ in self._path)
        self.size += (ways - self.size) / self._runs

    @property
    def share(self) -> float:
        """How many are done, of those that are run at most."""
        return min(1.0, self._runs / self._most)

    def _pick(self, fork: Fork) -> ScheduleMove:
        return self._chance.choice(fork.remaining)


class RandomSearch:
    """So many schedules, each move drawn at random.

    What is met at a place in one schedule has to be met there in all others, and one schedule in
    ten is run twice.

    Args:
        numbers: the numbers of the schedules; each draws its own moves.
        seed: the same seed draws the same schedules.
    """

    complete = False

    def __init__(self, numbers: range | int, seed: int) -> None:
        self._numbers = range(numbers) if isinstance(numbers, int) else numbers
        self._seed = seed
        self._run = -1
        self.is_new = True
        self._chance = random.Random()
        self._path: list[ScheduleMove] = []
        self._known: dict[int, int] = {}

    @property
    def remaining(self) -> range:
        """The numbers of those that were not begun."""
        return self._numbers[self._run + 1 :]

    def begin(self) -> bool:
        """Begin another."""
        again = self.is_new and self._run >= 0 and self._numbers[self._run] % _REPEAT_EVERY == 0
        self.is_new = not again
        self._run += self.is_new
        if self._run >= len(self._numbers):
            return False
        self._chance.seed(f"{self._seed} {self._numbers[self._run]}")
        self._path = []
        return True

    def choose(self, moves: Sequence[ScheduleMove], digest: int) -> ScheduleMove:
        """Draw one."""
        self._compare(crc32(schedule_text(moves).encode(), digest))
        move = self._chance.choice(moves)
        self._path.append(move)
        return move

    def end(self, digest: int) -> None:
        """Compare it with the last time, if there was one."""
        self._compare(digest)

    @property
    def share(self) -> float:
        """How many are done."""
        return min(1.0, (self._run + 1) / len(self._numbers))

    def _compare(self, digest: int) -> None:
        place = hash(tuple(self._path))
        if len(self._known) < _MOST_DIGESTS:
            self._known.setdefault(place, digest)
        if self._known.get(place, digest) != digest:
            raise not_repeated(self._path)
