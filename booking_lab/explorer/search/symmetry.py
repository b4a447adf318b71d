"""Symmetry reduction: bookers with the same request are interchangeable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import perm
from typing import Any

from booking_lab.core.scenario import BookerAction, ChangeRequest, booker_name
from booking_lab.core.workload import customer_fields
from booking_lab.explorer.search.schedule import ScheduleMove


@dataclass
class Symmetry:
    """Leaves out schedules that differ from others by the names of bookers only.

    A booker is touched when it moves, or when a nemesis strikes it. Interchangeable bookers are
    touched in the order of their names: until then, either could have the name of the other.

    Attributes:
        alike: sets of two or more names of interchangeable bookers.
        separate_processes: whether each booker is in a process of its own. If they share one, a
            death strikes all of them, and touches none.
    """

    alike: Sequence[Sequence[str]] = ()
    separate_processes: bool = True

    def __post_init__(self) -> None:
        self._touched: set[str] = set()

    @classmethod
    def of(
        cls, asks: Sequence[BookerAction], workers: int, *, first_apart: bool = False
    ) -> Symmetry:
        """Return the symmetry of bookers with these requests.

        Args:
            asks: the requests of the bookers, in order.
            workers: the number of processes that they share.
            first_apart: whether the first booker uses another strategy than the others.
        """
        apart = workers == len(asks)
        sets: list[tuple[Any, list[str]]] = []
        for number, ask in enumerate(asks):
            # Bookers are interchangeable only within the same process.
            key = _request_key(ask), 0 if apart else number % workers, first_apart and number == 0
            name = booker_name(number)
            if of_it := [names for known, names in sets if known == key]:
                of_it[0].append(name)
            else:
                sets.append((key, [name]))
        return cls([names for _, names in sets if len(names) > 1], apart)

    def reset(self) -> None:
        """Forget the touched bookers, for a new schedule."""
        self._touched.clear()

    def allowed(self, moves: Sequence[ScheduleMove]) -> Sequence[ScheduleMove]:
        """Return the moves without the first moves of bookers that another one stands for."""
        left_out = {
            name
            for names in self.alike
            for name in [one for one in names if one not in self._touched][1:]
        }
        if not left_out:
            return moves
        return [move for move in moves if self._whom(move) not in left_out]

    def record(self, move: ScheduleMove) -> None:
        """Record the booker that a move touches."""
        self._touched.add(self._whom(move))

    @property
    def stands_for(self) -> int:
        """The number of schedules that this one stands for, itself included."""
        product = 1
        for names in self.alike:
            product *= perm(len(names), len(self._touched.intersection(names)))
        return product

    def _whom(self, move: ScheduleMove) -> str:
        return move.actor if move.is_by_booker else move.what if self.separate_processes else ""


def _request_key(ask: BookerAction) -> tuple[Any, ...]:
    """Return the fields of a request, without those that name the customer."""
    if isinstance(ask, ChangeRequest):
        return ask.action, ask.of.id, ask.to and _request_key(ask.to)
    return ask.action, type(ask), [getattr(ask, name) for name in customer_fields(ask)]
