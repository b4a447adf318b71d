"""Depth-first search of all schedules, or of those with few preemptions."""

from __future__ import annotations

from collections.abc import Sequence

from booking_lab.explorer.search.preemptions import PreemptionLimit
from booking_lab.explorer.search.schedule import ScheduleMove
from booking_lab.explorer.search.search import Fork


class ExhaustiveSearch:
    """All schedules, depth first.

    Each schedule is run from the start. It repeats the last one up to the last fork with a move
    that is not taken yet.

    Args:
        preemptions: the highest number of preemptions in a schedule; none: any number. A preemption
            is a move of another booker while the last one could go on. Moves of nemeses don't
            count.
        part: the forks on the way to the part to run; none: run everything.
    """

    is_new = True

    def __init__(self, preemptions: int | None = None, part: Sequence[Fork] = ()) -> None:
        self.complete = preemptions is None
        self._preemptions = PreemptionLimit(preemptions)
        self._root = _chained(part)
        self._path: list[tuple[Fork, ScheduleMove]] = []
        self._done = 0.0
        self._is_finished = False

    def begin(self) -> bool:
        """Remove the last schedule, and go back to the last fork with a move not taken yet."""
        self._remove_finished()
        self._preemptions.reset()
        return not self._is_finished

    def choose(self, moves: Sequence[ScheduleMove], digest: int) -> ScheduleMove:
        """Follow the path to the fork, and take the next new move there."""
        fork = self._current_fork(moves, digest)
        fork.compare(moves, digest, (before for _, before in self._path))
        move = self._pick(fork)
        self._path.append((fork, move))
        self._preemptions.record(move, moves)
        return move

    def end(self, digest: int) -> None:
        """Do nothing: no schedule is run twice."""

    @property
    def share(self) -> float:
        """The share that is done, if all branches of a fork led to equally many schedules."""
        return self._done

    def remaining_forks(self) -> list[Fork]:
        """Return the forks on the way to the rest, for another search; empty: all is done."""
        self._remove_finished()
        if self._is_finished:
            return []
        forks, fork = [], self._root
        while fork:
            forks.append(Fork(fork.possible, fork.digest, fork.width, list(fork.remaining)))
            fork = fork.children.get(fork.remaining[0])
        return forks

    def _pick(self, fork: Fork) -> ScheduleMove:
        return fork.remaining[0]

    def _remove_finished(self) -> None:
        if not self._path:
            return
        weight = 1.0
        for fork, _ in self._path:
            weight /= fork.width
        self._done += weight
        for fork, move in reversed(self._path):
            fork.remaining.remove(move)
            fork.children.pop(move, None)
            if fork.remaining:
                break
        self._path = []
        self._is_finished = self._root is not None and not self._root.remaining

    def _current_fork(self, moves: Sequence[ScheduleMove], digest: int) -> Fork:
        """Return the fork at the end of the path; a new one if it is reached for the first time."""
        before, move = self._path[-1] if self._path else (None, None)
        known = before.children.get(move) if before and move else self._root
        if known:
            return known
        allowed = self._preemptions.allowed(moves)
        here = Fork(moves, digest, len(allowed), allowed)
        if before and move:
            before.children[move] = here
        else:
            self._root = here
        return here


def _chained(forks: Sequence[Fork]) -> Fork | None:
    """Link each fork to the one before it, and return the first."""
    below: Fork | None = None
    for fork in reversed(forks):
        after = {fork.remaining[0]: below} if below else {}
        below = Fork(fork.possible, fork.digest, fork.width, list(fork.remaining), after)
    return below


def split_forks(forks: Sequence[Fork]) -> tuple[list[Fork], list[Fork]] | None:
    """Split the rest at the first fork with several moves: one move, and all other moves.

    Returns:
        The forks on the way to either part; none: there is only one schedule.
    """
    for number, fork in enumerate(forks):
        if len(fork.remaining) > 1:
            one = Fork(fork.possible, fork.digest, fork.width, fork.remaining[:1])
            others = Fork(fork.possible, fork.digest, fork.width, fork.remaining[1:])
            return [*forks[:number], one, *forks[number + 1 :]], [*forks[:number], others]
    return None
