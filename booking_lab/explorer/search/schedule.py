"""Schedules: interleavings, written as addresses such as ``A:read B:read A:write A:commit``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from booking_lab.errors import InvalidRequest

_MOVE = re.compile(r"([A-Z]|[a-z]+):([a-z]+|[A-Z])")


class InvalidSchedule(InvalidRequest):
    """This is not a schedule; write it like 'A:read B:read A:write A:commit'."""


class Diverged(InvalidRequest):
    """The run could not follow the schedule."""


@dataclass(frozen=True, order=True)
class ScheduleMove:
    """One actor's next step.

    Attributes:
        actor: a booker (``A``, ``B``, ...) or a nemesis (``expiry``, ``flush``, ...).
        what: the booker's step (``read``), or the target of the nemesis (``A``, or ``redis``).
    """

    actor: str
    what: str

    def __str__(self) -> str:
        return f"{self.actor}:{self.what}"

    @property
    def is_by_booker(self) -> bool:
        """Whether a booker makes the move, and not a nemesis."""
        return self.actor.isupper()


Schedule = tuple[ScheduleMove, ...]


def parse(text: str) -> Schedule:
    """Parse a schedule.

    Raises:
        InvalidSchedule: ``text`` is not a schedule.
    """
    moves = []
    for word in text.split():
        found = _MOVE.fullmatch(word)
        if not found:
            raise InvalidSchedule(
                f"{word!r} is not a move; write actor:step, as in "
                f"'A:read B:read A:write A:commit B:write B:commit'."
            )
        moves.append(ScheduleMove(*found.groups()))
    if not moves:
        raise InvalidSchedule
    return tuple(moves)


def schedule_text(schedule: Iterable[ScheduleMove]) -> str:
    """Return the schedule as ``parse`` reads it."""
    return " ".join(str(move) for move in schedule)


def switches(schedule: Sequence[ScheduleMove]) -> int:
    """Return the number of changes of the actor; a schedule with fewer is easier to read."""
    return sum(one.actor != two.actor for one, two in pairwise(schedule))
