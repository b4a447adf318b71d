"""What picks the moves of one schedule after the other, and sees that a run repeats itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from booking_lab.explorer.search.schedule import Diverged, ScheduleMove, schedule_text


class Search(Protocol):
    """Picks the moves of one schedule after the other.

    Attributes:
        complete: whether every schedule that there is will have been run at the end.
        counts: whether the schedule under way is one more, and not one that is run again to see
            that it comes out the same.
    """

    complete: bool
    is_new: bool

    def begin(self) -> bool:
        """Begin the next schedule; false if there is none."""
        ...

    def choose(self, moves: Sequence[ScheduleMove], digest: int) -> ScheduleMove:
        """Pick the next move of the schedule.

        Args:
            moves: what is possible.
            digest: a digest of what has happened so far.

        Raises:
            Diverged: the run doesn't repeat itself, or can't follow the schedule.
        """
        ...

    def end(self, digest: int) -> None:
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
        """Hold a run to what it was the last time.

        Raises:
            Diverged: it is not the same.
        """
        if moves != self.possible:
            raise Diverged(
                f"After {schedule_text(path)!r}, {schedule_text(moves)!r} was possible, and "
                f"{schedule_text(self.possible)!r} the last time: the run does not repeat itself."
            )
        if digest != self.digest:
            raise not_repeated(path)


def not_repeated(path: Iterable[ScheduleMove]) -> Diverged:
    """Return the error that says so."""
    return Diverged(
        f"In {schedule_text(path)!r}, not the same was sent, answered or decided as the last time: the "
        f"run does not repeat itself."
    )
