"""Which schedules to run: all, those with few preemptions, some at random, or a given one."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from zlib import crc32

from booking_lab.explorer.search.preemptions import Preemptions
from booking_lab.explorer.search.schedule import Diverged, Move, Schedule, written

#: Of schedules drawn at random, one in so many is run twice and has to come out the same.
_AGAIN = 10
#: So many places are kept in mind, to see that a run repeats itself: some hundred MB.
_MOST_PLACES = 1_000_000


class Search(Protocol):
    """Picks the moves of one schedule after the other.

    Attributes:
        complete: whether every schedule that there is will have been run at the end.
        counts: whether the schedule under way is one more, and not one that is run again to see
            that it comes out the same.
    """

    complete: bool
    counts: bool

    def begin(self) -> bool:
        """Begin the next schedule; false if there is none."""
        ...

    def choose(self, moves: Sequence[Move], seen: int) -> Move:
        """Pick the next move of the schedule.

        Args:
            moves: what is possible.
            seen: a digest of what has happened so far.

        Raises:
            Diverged: the run doesn't repeat itself, or can't follow the schedule.
        """
        ...

    def end(self, seen: int) -> None:
        """Take note of how the schedule ended, as a digest.

        Raises:
            Diverged: the run doesn't repeat itself.
        """
        ...

    @property
    def share(self) -> float:
        """Which share of all schedules has been run, as far as can be told, from 0 to 1."""
        ...


@dataclass
class Fork:
    """A place that schedules come to.

    Attributes:
        possible: the moves that are possible there.
        seen: a digest of what happened on the way.
        wide: how many of the moves were to be followed in the first place.
        left: those that are not through yet; the first of them is being followed, or is the next.
        after: where the moves have led that are under way.
    """

    possible: Sequence[Move]
    seen: int
    wide: int
    left: list[Move]
    after: dict[Move, Fork] = field(default_factory=dict)

    def compare(self, moves: Sequence[Move], seen: int, path: Iterable[Move]) -> None:
        """Hold a run to what it was the last time.

        Raises:
            Diverged: it is not the same.
        """
        if moves != self.possible:
            raise Diverged(
                f"After {written(path)!r}, {written(moves)!r} was possible, and "
                f"{written(self.possible)!r} the last time: the run does not repeat itself."
            )
        if seen != self.seen:
            raise not_the_same(path)


def not_the_same(path: Iterable[Move]) -> Diverged:
    """Return the error that says so."""
    return Diverged(
        f"In {written(path)!r}, not the same was sent, answered or decided as the last time: the "
        f"run does not repeat itself."
    )


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


class Sample(Exhaustive):
    """So many schedules in a drawn order that is the same in every run, none of them twice.

    Depth first would begin with all the ways to end, and not come to the ways to begin before it
    is cut off. Drawn, it has been everywhere by then.

    Attributes:
        through: whether every schedule with so few preemptions has been run.
        size: about how many such schedules there are: the mean of the products of how many ways
            there were to go on. See Knuth, "Estimating the efficiency of backtrack programs", 1975.

    Args:
        preemptions: as for ``Exhaustive``.
        most: how many are run.
    """

    def __init__(self, preemptions: int | None, most: int) -> None:
        super().__init__(preemptions)
        self.complete = self.through = False
        self.size = 0.0
        self._bounded = preemptions is not None
        self._most = most
        self._runs = 0
        self._chance = random.Random(0)

    def begin(self) -> bool:
        """Strike the last schedule off, and begin another."""
        more = super().begin()
        self.through = not more
        self.complete = self.through and not self._bounded
        self._runs += 1
        return more and self._runs <= self._most

    def end(self, seen: int) -> None:  # noqa: ARG002
        """Estimate anew how many schedules there are."""
        ways = math.prod(fork.wide for fork, _ in self._path)
        self.size += (ways - self.size) / self._runs

    @property
    def share(self) -> float:
        """How many are done, of those that are run at most."""
        return min(1.0, self._runs / self._most)

    def _pick(self, fork: Fork) -> Move:
        return self._chance.choice(fork.left)


class Random:
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
        self.counts = True
        self._chance = random.Random()
        self._path: list[Move] = []
        self._known: dict[int, int] = {}

    @property
    def left(self) -> range:
        """The numbers of those that were not begun."""
        return self._numbers[self._run + 1 :]

    def begin(self) -> bool:
        """Begin another."""
        again = self.counts and self._run >= 0 and self._numbers[self._run] % _AGAIN == 0
        self.counts = not again
        self._run += self.counts
        if self._run >= len(self._numbers):
            return False
        self._chance.seed(f"{self._seed} {self._numbers[self._run]}")
        self._path = []
        return True

    def choose(self, moves: Sequence[Move], seen: int) -> Move:
        """Draw one."""
        self._compare(crc32(written(moves).encode(), seen))
        move = self._chance.choice(moves)
        self._path.append(move)
        return move

    def end(self, seen: int) -> None:
        """Compare it with the last time, if there was one."""
        self._compare(seen)

    @property
    def share(self) -> float:
        """How many are done."""
        return min(1.0, (self._run + 1) / len(self._numbers))

    def _compare(self, seen: int) -> None:
        place = hash(tuple(self._path))
        if len(self._known) < _MOST_PLACES:
            self._known.setdefault(place, seen)
        if self._known.get(place, seen) != seen:
            raise not_the_same(self._path)


class Replay:
    """One schedule, several times.

    Args:
        schedule: its moves; what is still to do after the last of them is done booker by booker.
        times: how often.
    """

    complete = False
    counts = True

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

    def choose(self, moves: Sequence[Move], seen: int) -> Move:  # noqa: ARG002
        """Take the next move."""
        move = next(self._moves, moves[0])
        if move not in moves:
            raise Diverged(
                f"{move} is not possible there; possible is: {written(moves)}. Who waits for a "
                f"lock cannot move before it is free."
            )
        return move

    def end(self, seen: int) -> None:
        """Nothing: whoever watches compares more than a digest."""

    @property
    def share(self) -> float:
        """How many are done."""
        return min(1.0, self._run / self._times)
