"""Replays a given schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from booking_lab.explorer.search.schedule import Diverged, Schedule, ScheduleMove, schedule_text


class ReplaySearch:
    """Runs one schedule several times.

    Args:
        schedule: the moves; after the last of them, the bookers run to their ends one by one.
        times: the number of runs.
    """

    complete = False
    is_new = True

    def __init__(self, schedule: Schedule, times: int = 1) -> None:
        self._schedule = schedule
        self._times = times
        self._run = 0
        self._moves: Iterator[ScheduleMove] = iter(())

    def begin(self) -> bool:
        """Begin the next run; false after the last."""
        self._run += 1
        self._moves = iter(self._schedule)
        return self._run <= self._times

    def choose(self, moves: Sequence[ScheduleMove], digest: int) -> ScheduleMove:  # noqa: ARG002
        """Take the next move."""
        move = next(self._moves, moves[0])
        if move not in moves:
            raise Diverged(
                f"{move} is not possible there; possible moves are: {schedule_text(moves)}. "
                f"A booker that waits for a lock can't move before the lock is free."
            )
        return move

    def end(self, digest: int) -> None:
        """Do nothing: ``ReplayCheck`` compares more than digests."""

    @property
    def share(self) -> float:
        """The share of the runs that are done."""
        return min(1.0, self._run / self._times)
