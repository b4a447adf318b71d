"""All schedules, or those with few preemptions: depth first."""

from __future__ import annotations

from collections.abc import Sequence

from booking_lab.explorer.search.preemptions import Preemptions
from booking_lab.explorer.search.schedule import Move
from booking_lab.explorer.search.search import Fork


class Exhaustive:
    """All schedules, depth first: each is run from the start, up to the last fork and then anew.

    Args:
        preemptions: leave out the schedules in which a booker that could go on is interrupted by
            another one more often than this; none: leave out nothing. Nemeses interrupt for free.
        part: the forks that lead to the part to run; none: run everything.
    """

    counts = True

    def __init__(self, preemptions: int | None = None, part: Sequence[Fork] = ()) -> None:
        self.complete = preemptions is None
        self._preemptions = Preemptions(preemptions)
        self._root = _joined(part)
        self._path: list[tuple[Fork, Move]] = []
        self._done = 0.0
        self._through = False

    def begin(self) -> bool:
        """Strike the last schedule off, and go back to the last fork with a move not taken yet."""
        self._strike_off()
        self._preemptions.begin()
        return not self._through

    def choose(self, moves: Sequence[Move], seen: int) -> Move:
        """Follow the path to the fork, and take the next move from there on."""
        fork = self._fork(moves, seen)
        fork.compare(moves, seen, (before for _, before in self._path))
        move = self._pick(fork)
        self._path.append((fork, move))
        self._preemptions.made(move, moves)
        return move

    def end(self, seen: int) -> None:
        """Nothing: no schedule is run twice."""

    @property
    def share(self) -> float:
        """The share, as if the branches of every fork led to equally many schedules."""
        return self._done

    def rest(self) -> list[Fork]:
        """Return the forks to what is still to run, for another search; none: it is through."""
        self._strike_off()
        if self._through:
            return []
        forks, fork = [], self._root
        while fork:
            forks.append(Fork(fork.possible, fork.seen, fork.wide, list(fork.left)))
            fork = fork.after.get(fork.left[0])
        return forks

    def _pick(self, fork: Fork) -> Move:
        return fork.left[0]

    def _strike_off(self) -> None:
        if not self._path:
            return
        weight = 1.0
        for fork, _ in self._path:
            weight /= fork.wide
        self._done += weight
        for fork, move in reversed(self._path):
            fork.left.remove(move)
            fork.after.pop(move, None)
            if fork.left:
                break
        self._path = []
        self._through = self._root is not None and not self._root.left

    def _fork(self, moves: Sequence[Move], seen: int) -> Fork:
        """Return where the path has come to; it may be there for the first time."""
        before, move = self._path[-1] if self._path else (None, None)
        known = before.after.get(move) if before and move else self._root
        if known:
            return known
        allowed = self._preemptions.allowed(moves)
        here = Fork(moves, seen, len(allowed), allowed)
        if before and move:
            before.after[move] = here
        else:
            self._root = here
        return here


def _joined(forks: Sequence[Fork]) -> Fork | None:
    """Have each of the forks follow from the one before."""
    below: Fork | None = None
    for fork in reversed(forks):
        after = {fork.left[0]: below} if below else {}
        below = Fork(fork.possible, fork.seen, fork.wide, list(fork.left), after)
    return below


def split(forks: Sequence[Fork]) -> tuple[list[Fork], list[Fork]] | None:
    """Share out what is still to run: all but one move of the first fork that has more than one.

    Returns:
        The forks to either part; none if there is but one schedule.
    """
    for number, fork in enumerate(forks):
        if len(fork.left) > 1:
            one = Fork(fork.possible, fork.seen, fork.wide, fork.left[:1])
            others = Fork(fork.possible, fork.seen, fork.wide, fork.left[1:])
            return [*forks[:number], one, *forks[number + 1 :]], [*forks[:number], others]
    return None
