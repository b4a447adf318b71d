"""The limit on preemptions: moves of another booker while the last one could go on."""

from __future__ import annotations

from collections.abc import Sequence

from booking_lab.explorer.search.schedule import ScheduleMove


class PreemptionLimit:
    """Limits the preemptions of a schedule. Moves of nemeses don't count.

    Args:
        most: the highest number; none: any number.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self.reset()

    def reset(self) -> None:
        """Reset the count for a new schedule."""
        self._spent, self._last = 0, ""

    def allowed(self, moves: Sequence[ScheduleMove]) -> list[ScheduleMove]:
        """Return the ``moves`` within the limit; there is always at least one."""
        if self._most is None or self._spent < self._most:
            return list(moves)
        return [move for move in moves if not self._preempts(move, moves)]

    def record(self, move: ScheduleMove, moves: Sequence[ScheduleMove]) -> None:
        """Count ``move``, which was chosen among ``moves``."""
        self._spent += self._preempts(move, moves)
        if move.is_by_booker:
            self._last = move.actor

    def _preempts(self, move: ScheduleMove, moves: Sequence[ScheduleMove]) -> bool:
        can_go_on = any(one.actor == self._last for one in moves)
        return move.is_by_booker and move.actor != self._last and can_go_on
