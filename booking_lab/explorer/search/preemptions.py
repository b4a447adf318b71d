"""Preemptions: a booker that could go on is interrupted by another one."""

from __future__ import annotations

from collections.abc import Sequence

from booking_lab.explorer.search.schedule import ScheduleMove


class PreemptionLimit:
    """Keeps a schedule to so many of them. Nemeses interrupt for free.

    Args:
        most: how many there may be; none: any number.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self.reset()

    def reset(self) -> None:
        """Begin a schedule."""
        self._spent, self._last = 0, ""

    def allowed(self, moves: Sequence[ScheduleMove]) -> list[ScheduleMove]:
        """Return those of ``moves`` that keep to it; one at least does."""
        if self._most is None or self._spent < self._most:
            return list(moves)
        return [move for move in moves if not self._preempts(move, moves)]

    def record(self, move: ScheduleMove, moves: Sequence[ScheduleMove]) -> None:
        """Take note that ``move`` was made where ``moves`` were possible."""
        self._spent += self._preempts(move, moves)
        if move.is_by_booker:
            self._last = move.actor

    def _preempts(self, move: ScheduleMove, moves: Sequence[ScheduleMove]) -> bool:
        can_go_on = any(one.actor == self._last for one in moves)
        return move.is_by_booker and move.actor != self._last and can_go_on
