"""Which schedules the suite runs: all with few preemptions, or a sample where these are many."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from booking_lab.explorer.preemptions import Preemptions
from booking_lab.explorer.schedule import Move, repeated


@dataclass
class _Fork:
    """A place where several moves are possible, and what is left to try there."""

    possible: Sequence[Move]
    left: list[Move]
    after: dict[Move, _Fork] = field(default_factory=dict)


class Sample:
    """Each schedule once, in a drawn order that is the same in every run.

    Depth first would begin with all the ways to end, and not come to the ways to begin before it
    is cut off. Drawn, it has been everywhere by then.

    Attributes:
        complete: whether every schedule with so few preemptions has been run.

    Args:
        preemptions: leave out the schedules in which a booker that could go on is interrupted by
            another one more often than this. Nemeses interrupt for free.
        most: how many are run.
    """

    def __init__(self, preemptions: int, most: int) -> None:
        self.complete = False
        self._preemptions = Preemptions(preemptions)
        self._most = most
        self._runs = 0
        self._chance = random.Random(0)
        self._root: _Fork | None = None
        self._path: list[tuple[_Fork, Move]] = []

    def begin(self) -> bool:
        """Strike the last schedule off, and begin another."""
        for fork, move in reversed(self._path):
            fork.left.remove(move)
            fork.after.pop(move, None)
            if fork.left:
                break
        self._path = []
        self._preemptions.begin()
        self.complete = self._root is not None and not self._root.left
        self._runs += 1
        return not self.complete and self._runs <= self._most

    def choose(self, moves: Sequence[Move]) -> Move:
        """Draw one of the moves that are left to try.

        Raises:
            Diverged: other moves are possible than the last time.
        """
        fork = self._fork(moves)
        repeated(moves, fork.possible, (move for _, move in self._path))
        move = self._chance.choice(fork.left)
        self._path.append((fork, move))
        self._preemptions.made(move, moves)
        return move

    @property
    def share(self) -> float:
        """How many are done, of those that are run at most."""
        return min(1.0, self._runs / self._most)

    def _fork(self, moves: Sequence[Move]) -> _Fork:
        """Return where the path has come to; it may be there for the first time."""
        here = _Fork(moves, self._preemptions.allowed(moves))
        if self._path:
            fork, move = self._path[-1]
            return fork.after.setdefault(move, here)
        self._root = self._root or here
        return self._root
