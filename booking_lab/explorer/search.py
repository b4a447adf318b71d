"""Which schedules to run: all, those with few preemptions, some at random, or a given one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from booking_lab.explorer.preemptions import Preemptions
from booking_lab.explorer.schedule import Diverged, Move, Schedule, repeated, written


class Search(Protocol):
    """Picks the moves of one schedule after the other.

    Attributes:
        complete: whether every schedule that there is will have been run at the end.
    """

    complete: bool

    def begin(self) -> bool:
        """Begin the next schedule; false if there is none."""
        ...

    def choose(self, moves: Sequence[Move]) -> Move:
        """Pick the next move of the schedule."""
        ...

    @property
    def share(self) -> float:
        """Which share of all schedules has been run, as far as can be told, from 0 to 1."""
        ...


@dataclass
class _Fork:
    """A place where several moves were possible, and which of them is being followed."""

    possible: Sequence[Move]
    allowed: Sequence[Move]
    taken: int = 0

    @property
    def move(self) -> Move:
        """The move that is being followed."""
        return self.allowed[self.taken]


class Exhaustive:
    """All schedules, depth first: each is run from the start, up to the last fork and then anew.

    Args:
        preemptions: leave out the schedules in which a booker that could go on is interrupted by
            another one more often than this; none: leave out nothing. Nemeses interrupt for free.
    """

    def __init__(self, preemptions: int | None = None) -> None:
        self.complete = preemptions is None
        self._preemptions = Preemptions(preemptions)
        self._forks: list[_Fork] = []
        self._depth = 0
        self._done = 0.0
        self._started = False

    def begin(self) -> bool:
        """Go back to the last fork with a move not taken yet."""
        if self._started:
            self._done += self._weight()
            while self._forks and self._forks[-1].taken + 1 == len(self._forks[-1].allowed):
                self._forks.pop()
            if not self._forks:
                return False
            self._forks[-1].taken += 1
        self._started = True
        self._depth = 0
        self._preemptions.begin()
        return True

    def choose(self, moves: Sequence[Move]) -> Move:
        """Follow the path to the fork, and take the first move from there on.

        Raises:
            Diverged: other moves are possible than the last time.
        """
        if self._depth == len(self._forks):
            self._forks.append(_Fork(moves, self._preemptions.allowed(moves)))
        fork = self._forks[self._depth]
        path = islice(self._forks, self._depth)
        repeated(moves, fork.possible, (one.move for one in path))
        self._depth += 1
        self._preemptions.made(fork.move, moves)
        return fork.move

    @property
    def share(self) -> float:
        """The share, as if the branches of every fork led to equally many schedules."""
        return self._done

    def _weight(self) -> float:
        weight = 1.0
        for fork in self._forks:
            weight /= len(fork.allowed)
        return weight


class Random:
    """So many schedules, each move drawn at random.

    Args:
        many: how many schedules.
        seed: the same seed draws the same schedules.
    """

    complete = False

    def __init__(self, many: int, seed: int) -> None:
        self._many = many
        self._run = 0
        self._chance = random.Random(seed)

    def begin(self) -> bool:
        """Begin another."""
        self._run += 1
        return self._run <= self._many

    def choose(self, moves: Sequence[Move]) -> Move:
        """Draw one."""
        return self._chance.choice(moves)

    @property
    def share(self) -> float:
        """How many are done."""
        return min(1.0, self._run / self._many)


class Replay:
    """One schedule, several times.

    Args:
        schedule: its moves; what is still to do after the last of them is done booker by booker.
        times: how often.
    """

    complete = False

    def __init__(self, schedule: Schedule, times: int = 1) -> None:
        self._schedule = schedule
        self._times = times
        self._run = 0
        self._moves: Iterator[Move] = iter(())

    def begin(self) -> bool:
        """Begin once more."""
        self._run += 1
        self._moves = iter(self._schedule)
        return self._run <= self._times

    def choose(self, moves: Sequence[Move]) -> Move:
        """Take the next move.

        Raises:
            Diverged: it is not possible.
        """
        move = next(self._moves, moves[0])
        if move not in moves:
            raise Diverged(
                f"{move} is not possible there; possible is: {written(moves)}. Who waits for a "
                f"lock cannot move before it is free."
            )
        return move

    @property
    def share(self) -> float:
        """How many are done."""
        return min(1.0, self._run / self._times)
