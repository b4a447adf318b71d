"""Bookers that ask for the same thing are interchangeable: one order of them stands for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import perm
from typing import Any

from booking_lab.core.scenario import Ask, Change, booker
from booking_lab.core.workload import asked_for
from booking_lab.explorer.search.schedule import ScheduleMove


@dataclass
class Symmetry:
    """Leaves out schedules that differ from others by the names of bookers alone.

    Of bookers that are interchangeable, the first to be touched is the one that is named first, and
    so on: who has not been touched yet could as well bear the other's name. To be touched is to
    move, or to be struck by a nemesis.

    Attributes:
        alike: the names of those that are interchangeable, in sets of two or more.
        apart: whether each of them is in a process of its own; who dies with all others is not
            touched by that.
    """

    alike: Sequence[Sequence[str]] = ()
    separate_processes: bool = True

    def __post_init__(self) -> None:
        self._touched: set[str] = set()

    @classmethod
    def of(cls, asks: Sequence[Ask], workers: int, *, first_apart: bool = False) -> Symmetry:
        """Return that of bookers who ask for this, in so many processes.

        With ``first_apart``, the first does it in another way than the others.
        """
        apart = workers == len(asks)
        sets: list[tuple[Any, list[str]]] = []
        for number, ask in enumerate(asks):
            # Who changes places with another must not change who is in whose process.
            key = _request_key(ask), 0 if apart else number % workers, first_apart and number == 0
            name = booker(number)
            if of_it := [names for known, names in sets if known == key]:
                of_it[0].append(name)
            else:
                sets.append((key, [name]))
        return cls([names for _, names in sets if len(names) > 1], apart)

    def reset(self) -> None:
        """Begin a schedule."""
        self._touched.clear()

    def allowed(self, moves: Sequence[ScheduleMove]) -> Sequence[ScheduleMove]:
        """Return the moves without those that others stand for."""
        left_out = {
            name
            for names in self.alike
            for name in [one for one in names if one not in self._touched][1:]
        }
        if not left_out:
            return moves
        return [move for move in moves if self._whom(move) not in left_out]

    def record(self, move: ScheduleMove) -> None:
        """Take note of a move."""
        self._touched.add(self._whom(move))

    @property
    def stands_for(self) -> int:
        """How many schedules the one that was run stands for, itself included."""
        product = 1
        for names in self.alike:
            product *= perm(len(names), len(self._touched.intersection(names)))
        return product

    def _whom(self, move: ScheduleMove) -> str:
        return move.actor if move.is_by_booker else move.what if self.separate_processes else ""


def _request_key(ask: Ask) -> tuple[Any, ...]:
    """What a booker wants, without who it is."""
    if isinstance(ask, Change):
        return ask.action, ask.of.id, ask.to and _request_key(ask.to)
    return ask.action, type(ask), [getattr(ask, name) for name in asked_for(ask)]
