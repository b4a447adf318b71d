"""The interface of searches, and the forks that they choose at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from booking_lab.explorer.search.schedule import Diverged, ScheduleMove, schedule_text


class Search(Protocol):
    """Chooses the moves of one schedule after the other.

    Attributes:
        complete: whether all possible schedules have been run when the search ends.
        is_new: whether the schedule under way is a new one. Otherwise it is run again, to check
            that both runs are the same.
    """

    complete: bool
    is_new: bool

    def begin(self) -> bool:
        """Begin the next schedule; false if there is none."""
        ...

    def choose(self, moves: Sequence[ScheduleMove], digest: int) -> ScheduleMove:
        """Choose the next move of the schedule.

        Args:
            moves: the possible moves.
            digest: the digest of the events so far.

        Raises:
            Diverged: the run differs from an earlier one, or can't follow the schedule.
        """
        ...

    def end(self, digest: int) -> None:
        """Record the digest of the whole run.

        Raises:
            Diverged: the run differs from an earlier one.
        """
        ...

    @property
    def share(self) -> float:
        """An estimate of the share of all schedules that has been run, from 0 to 1."""
        ...


@dataclass
class Fork:
    """A point in the tree of schedules: a node, with one branch for each possible move.

    Attributes:
        possible: the possible moves.
        digest: a digest of what happened on the way.
        wide: how many of the moves were to be followed in the first place.
        left: those that are not through yet; the first of them is being followed, or is the next.
        after: where the moves have led that are under way.
    """

    possible: Sequence[ScheduleMove]
    digest: int
    width: int
    remaining: list[ScheduleMove]
    children: dict[ScheduleMove, Fork] = field(default_factory=dict)

    def compare(
        self, moves: Sequence[ScheduleMove], digest: int, path: Iterable[ScheduleMove]
    ) -> None:
        """Compare a run with an earlier one at this point.

        Raises:
            Diverged: the runs differ.
        """
        if moves != self.possible:
            raise Diverged(
                f"After {schedule_text(path)!r}, the possible moves were {schedule_text(moves)!r}, "
                f"and {schedule_text(self.possible)!r} in the run before: runs of the same "
                f"schedule differ."
            )
        if digest != self.digest:
            raise not_repeated(path)


def not_repeated(path: Iterable[ScheduleMove]) -> Diverged:
    """Return the error for two runs that differ."""
    return Diverged(
        f"In {schedule_text(path)!r}, the messages, answers or decisions were not those of the run "
        f"before: runs of the same schedule differ."
    )
