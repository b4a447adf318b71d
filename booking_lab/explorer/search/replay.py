"""A given schedule, once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from booking_lab.explorer.search.schedule import Diverged, Schedule, ScheduleMove, schedule_text


class ReplaySearch:
    """One schedule, several times.

    Args:
        schedule: its moves; what is still to do after the last of them is done booker by booker.
        times: how often.
    """

    complete = False
    is_new = True

    def __init__(self, schedule: Schedule, times: int = 1) -> None:
        self._schedule = schedule
        self._times = times
        self._run = 0
        self._moves: Iterator[ScheduleMove] = iter(())

    def begin(self) -> bool:
        """Begin once more."""
        self._run += 1
        self._moves = iter(self._schedule)
        return self._run <= self._times

    def choose(self, moves: Sequence[ScheduleMove], digest: int) -> ScheduleMove:  # noqa: ARG002
        """Take the next move."""
        move = next(self._moves, moves[0])
        if move not in moves:
            raise Diverged(
                f"{move} is not possible there; possible is: {schedule_text(moves)}. Who waits for a "
                f"lock cannot move before it is free."
            )
        return move

    def end(self, digest: int) -> None:
        """Nothing: whoever watches compares more than a digest."""

    @property
    def share(self) -> float:
        """How many are done."""
        return min(1.0, self._run / self._times)
