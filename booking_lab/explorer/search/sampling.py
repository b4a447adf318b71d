"""Searches that draw schedules at random."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from zlib import crc32

from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.explorer.search.schedule import ScheduleMove, schedule_text
from booking_lab.explorer.search.search import Fork, not_repeated

#: One in this number of random schedules is run twice, and both runs have to be the same.
_REPEAT_EVERY = 10
#: The number of digests that are kept, to compare runs: some hundred MB.
_MOST_DIGESTS = 1_000_000


class SampledSearch(ExhaustiveSearch):
    """A sample of the schedules, none of them twice. The sample is the same in every run.

    A depth-first search varies the last moves first, and would stop before it varies the first
    moves. Random choices reach all parts of the tree.

    Attributes:
        has_run_all: whether all schedules within the limit of preemptions have been run.
        size: an estimate of the number of these schedules: the mean, over the runs, of the product
            of the numbers of moves at each fork. See Knuth, "Estimating the efficiency of backtrack
            programs", 1975.

    Args:
        preemptions: as for ``ExhaustiveSearch``.
        most: the highest number of schedules to run.
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
        """Remove the last schedule, and begin the next."""
        more = super().begin()
        self.has_run_all = not more
        self.complete = self.has_run_all and not self._bounded
        self._runs += 1
        return more and self._runs <= self._most

    def end(self, digest: int) -> None:  # noqa: ARG002
        """Update the estimate of the number of schedules."""
        ways = math.prod(fork.width for fork, _ in self._path)
        self.size += (ways - self.size) / self._runs

    @property
    def share(self) -> float:
        """The share of ``most`` that is done."""
        return min(1.0, self._runs / self._most)

    def _pick(self, fork: Fork) -> ScheduleMove:
        return self._chance.choice(fork.remaining)


class RandomSearch:
    """Schedules whose moves are drawn at random.

    Schedules with the same first moves have to be the same up to there, and one schedule in ten is
    run twice.

    Args:
        numbers: the numbers of the schedules; a number and the seed determine the moves.
        seed: the seed.
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
        """The numbers of the schedules that were not begun."""
        return self._numbers[self._run + 1 :]

    def begin(self) -> bool:
        """Begin the next schedule, or run the last one again."""
        again = self.is_new and self._run >= 0 and self._numbers[self._run] % _REPEAT_EVERY == 0
        self.is_new = not again
        self._run += self.is_new
        if self._run >= len(self._numbers):
            return False
        self._chance.seed(f"{self._seed} {self._numbers[self._run]}")
        self._path = []
        return True

    def choose(self, moves: Sequence[ScheduleMove], digest: int) -> ScheduleMove:
        """Draw one of the moves."""
        self._compare(crc32(schedule_text(moves).encode(), digest))
        move = self._chance.choice(moves)
        self._path.append(move)
        return move

    def end(self, digest: int) -> None:
        """Compare the digest with that of an earlier run of the same moves, if there was one."""
        self._compare(digest)

    @property
    def share(self) -> float:
        """The share of the schedules that are begun."""
        return min(1.0, (self._run + 1) / len(self._numbers))

    def _compare(self, digest: int) -> None:
        place = hash(tuple(self._path))
        if len(self._known) < _MOST_DIGESTS:
            self._known.setdefault(place, digest)
        if self._known.get(place, digest) != digest:
            raise not_repeated(self._path)
