"""Finds the few operations that can't be explained, among the many that could."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from booking_lab.checker.linearize import SearchOutcome, SearchResult, Transition, linearize
from booking_lab.checker.operation import Effect, Operation

#: With more, only what was under way with the answer that couldn't be explained is looked at.
_MAX_SHRUNK = 200
#: Steps of all searches together, and of one.
_BUDGET = 20_000
_BUDGET_OF_ONE = 2_000


@dataclass(frozen=True)
class Counterexample:
    """Operations that no order explains.

    Attributes:
        operations: in the order of their invocations.
        all_needed: whether each of them is needed for that. Else finding those would have taken too
            long, and these are what was under way where the search got stuck.
        refusals_matter: whether the confirmed ones alone could be explained.
        result: the search among those that matter.
    """

    operations: Sequence[Operation]
    all_needed: bool
    refusals_matter: bool
    result: SearchResult


def find_counterexample(
    operations: Sequence[Operation],
    state: Any,
    step: Transition,
    result: SearchResult,
    *,
    only_takes: bool = False,
) -> Counterexample:
    """Return few operations that no order explains, whatever the others did.

    To leave an operation out means to forget its answer: it may have taken effect or not. So what
    remains can't be explained by what was left out.

    Args:
        operations: of one group, which has no order.
        state, step, only_takes: as for ``linearize``.
        result: of the search that found none.
    """
    # Refusals are what is most often not needed.
    confirmed = [one for one in operations if one.effect is not Effect.REFUSED]
    alone = linearize(confirmed, state, step, only_takes=only_takes, budget=_BUDGET)
    refusals_matter = alone.outcome is not SearchOutcome.NO_ORDER
    if not refusals_matter:
        operations, result = confirmed, alone
    stuck = result.stuck
    assert stuck is not None
    until = stuck.returned or 0
    # What begins after this answer can't explain it; what was answered later is still open then.
    begun = [one for one in operations if one.invoked <= until]
    known = [one for one in begun if one.returned is not None and one.returned <= until]
    shrinking = _Shrinking(begun, state, step, only_takes)
    shrunk = len(known) <= _MAX_SHRUNK and shrinking.unexplained(known)
    few = shrinking.shrunk(known) if shrunk else _around(operations, stuck)
    few.sort(key=lambda one: one.invoked)
    return Counterexample(few, shrunk and not shrinking.exhausted, refusals_matter, result)


def _around(operations: Iterable[Operation], stuck: Operation) -> list[Operation]:
    """What was under way together with ``stuck``, and has told something."""
    until = stuck.returned or 0
    return [
        one
        for one in operations
        if one.invoked <= until and one.returned is not None and one.returned >= stuck.invoked
    ]


class _Shrinking:
    """Asks again and again, with fewer answers known, as long as the budget lasts."""

    def __init__(
        self, operations: Sequence[Operation], state: Any, step: Transition, only_takes: bool
    ) -> None:
        self._operations = operations
        self._state, self._step, self._only_takes = state, step, only_takes
        self._left = _BUDGET

    def unexplained(self, known: Iterable[Operation]) -> bool:
        """Whether there is no order, if only the answers of ``known`` are."""
        kept = set(known)
        asked = [self._as_known(one, known=one in kept) for one in self._operations]
        result = linearize(
            [one for one in asked if one],
            self._state,
            self._step,
            only_takes=self._only_takes,
            budget=min(self._left, _BUDGET_OF_ONE),
        )
        self._left = max(0, self._left - result.steps)
        return result.outcome is SearchOutcome.NO_ORDER

    @property
    def exhausted(self) -> bool:
        """Whether the budget is used up."""
        return not self._left

    def shrunk(self, known: list[Operation]) -> list[Operation]:
        """Leave out all that can be left out, by halves at first and one by one at the end."""
        size = max(1, len(known) // 2)
        while True:
            begin = len(known)
            while begin > 0:
                begin = max(0, begin - size)
                fewer = [*known[:begin], *known[begin + size :]]
                if self.unexplained(fewer):
                    known = fewer
            if size == 1:
                return known
            size //= 2

    @staticmethod
    def _as_known(operation: Operation, *, known: bool) -> Operation | None:
        if known or operation.effect is Effect.POSSIBLE or operation.request is None:
            return operation
        if operation.effect is Effect.REFUSED:
            return None
        return replace(operation, effect=Effect.POSSIBLE, returned=None)
