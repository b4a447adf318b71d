"""Shrinks operations without an order to a small counterexample."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from booking_lab.checker.linearize import SearchOutcome, SearchResult, Transition, linearize
from booking_lab.checker.operation import Effect, Operation

#: With more operations, the result is those that overlapped with the unexplained answer.
_MAX_SHRUNK = 200
#: Steps of all searches together, and of one search.
_BUDGET = 20_000
_BUDGET_OF_ONE = 2_000


@dataclass(frozen=True)
class Counterexample:
    """Operations that no order explains.

    Attributes:
        operations: the operations in the order of their invocations.
        all_needed: whether each of them is needed. Otherwise the shrinking would have taken too
            long, and these are the operations that overlapped with the unexplained answer.
        refusals_matter: whether the confirmed operations alone have an order.
        result: the search among the operations that matter.
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

    An operation that is left out counts as unanswered: it may have taken effect or not. So it can't
    explain the rest.

    Args:
        operations: the operations of one group without an order.
        state, step, only_takes: as for ``linearize``.
        result: the result of the search in this group.
    """
    # Most often, refusals are not needed.
    confirmed = [one for one in operations if one.effect is not Effect.REFUSED]
    alone = linearize(confirmed, state, step, only_takes=only_takes, budget=_BUDGET)
    refusals_matter = alone.outcome is not SearchOutcome.NO_ORDER
    if not refusals_matter:
        operations, result = confirmed, alone
    stuck = result.stuck
    assert stuck is not None
    until = stuck.returned or 0
    # Operations that begin after this answer can't explain it. Later answers are still open then.
    begun = [one for one in operations if one.invoked <= until]
    known = [one for one in begun if one.returned is not None and one.returned <= until]
    shrinking = _Shrinking(begun, state, step, only_takes)
    shrunk = len(known) <= _MAX_SHRUNK and shrinking.unexplained(known)
    few = shrinking.shrunk(known) if shrunk else _around(operations, stuck)
    few.sort(key=lambda one: one.invoked)
    return Counterexample(few, shrunk and not shrinking.exhausted, refusals_matter, result)


def _around(operations: Iterable[Operation], stuck: Operation) -> list[Operation]:
    """Return the answered operations that overlapped with ``stuck``."""
    until = stuck.returned or 0
    return [
        one
        for one in operations
        if one.invoked <= until and one.returned is not None and one.returned >= stuck.invoked
    ]


class _Shrinking:
    """Repeats the search with fewer known answers, as long as the budget lasts."""

    def __init__(
        self, operations: Sequence[Operation], state: Any, step: Transition, only_takes: bool
    ) -> None:
        self._operations = operations
        self._state, self._step, self._only_takes = state, step, only_takes
        self._left = _BUDGET

    def unexplained(self, known: Iterable[Operation]) -> bool:
        """Return whether there is no order if only the answers of ``known`` are known."""
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
        """Leave out operations that are not needed: halves at first, single ones at the end."""
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
