"""The check of linearizability: a search for an order that explains all answers.

This is the search of Wing and Gong, with the improvements of Lowe. Calls and returns are in a
doubly linked list. The search lifts an operation out of the list to place it next, and puts it back
when it backtracks. It remembers dead ends: a set of placed operations, and the state after them.

Four rules keep the search short without losing an order:

* A refusal changes nothing. As soon as the state explains one, it is placed.
* Of the operations that can come next, the one with the earliest answer is tried first.
* Operations with the same request and the same effect on the state are interchangeable. Only the
  one with the earliest answer is tried. (A model may compare names of customers and bookings, and
  must not use their content.)
* If bookings only take (see ``checker.model``) and nothing is moved or cancelled, it is always best
  to place a confirmed booking as early as possible. Then there is no choice among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from booking_lab.checker.call_return_list import CallReturnList
from booking_lab.checker.operation import Effect, Operation

#: Returns the state after an operation; none if the model refuses it.
Transition = Callable[[Any, Operation], Any | None]

#: Steps after which the search gives up, in addition to one for each operation.
BUDGET = 1_000_000
_PROGRESS_EVERY = 1_000


class SearchOutcome(StrEnum):
    """The outcome of a search: an order, no order, or no result within the budget."""

    ORDER = "order"
    NO_ORDER = "no order"
    GAVE_UP = "gave up"


@dataclass(frozen=True)
class SearchResult:
    """The result of a search.

    Attributes:
        outcome: the outcome.
        steps: the number of visited states.
        order: the order; empty if none was found.
        placed: the number of operations in the longest partial order.
        stuck: the first operation whose answer the longest partial order doesn't explain.
        state: the state at the end of the longest partial order.
    """

    outcome: SearchOutcome
    steps: int
    order: tuple[Operation, ...] = ()
    placed: int = 0
    stuck: Operation | None = None
    state: Any = None


def linearize(
    operations: Sequence[Operation],
    state: Any,
    step: Transition,
    *,
    budget: int = BUDGET,
    only_takes: bool = False,
    progress: Callable[[int], None] = lambda _placed: None,
) -> SearchResult:
    """Search for an order of ``operations`` that begins in ``state`` and explains every answer.

    Args:
        operations: the operations in any order; those without an effect are left out.
        state: the state before all of them. All states have to be hashable.
        step: the model.
        budget: the number of states to visit at most, in addition to one for each operation.
        only_takes: whether all of them are bookings of a model whose bookings only take.
        progress: called from time to time with the number of placed operations.

    There is one ticket. Two customers ask for it at the same time, and only one can get it:

    >>> def step(sold, operation):
    ...     return None if sold else True
    >>> about = ("book", "tickets", "1", "lab")
    >>> ann = Operation("ann", *about, invoked=1, returned=4, effect=Effect.HAPPENED)
    >>> ben = Operation("ben", *about, invoked=2, returned=3, effect=Effect.REFUSED)
    >>> result = linearize([ann, ben], False, step)
    >>> result.outcome, [one.process for one in result.order]
    (<SearchOutcome.ORDER: 'order'>, ['ann', 'ben'])
    >>> ben.effect = Effect.HAPPENED
    >>> linearize([ann, ben], False, step).outcome
    <SearchOutcome.NO_ORDER: 'no order'>
    """
    return _Search(operations, step, only_takes, progress).run(state, budget + len(operations))


#: A state to backtrack to: the number of lifts, ``base``, ``mask``, and the possible operations.
_Checkpoint = tuple[int, int, int, int]


class _Search:
    """One search; see the docstring of the module."""

    def __init__(
        self,
        operations: Sequence[Operation],
        step: Transition,
        only_takes: bool,
        progress: Callable[[int], None],
    ) -> None:
        in_time = sorted(operations, key=lambda operation: operation.invoked)
        answered = (Effect.HAPPENED, Effect.REFUSED)
        self._sure = [one for one in in_time if one.effect in answered]
        self._possible = [one for one in in_time if one.effect is Effect.POSSIBLE]
        self._refused = [one.effect is Effect.REFUSED for one in self._sure]
        self._line = CallReturnList(self._sure)
        #: The possible operations that are placed, as bits, and their positions in the order.
        self._placed_possible = 0
        self._order: list[tuple[int, Operation]] = []
        self._step = step
        self._only_takes = only_takes
        self._progress = progress

    def run(self, state: Any, budget: int) -> SearchResult:
        """Search from ``state``."""
        line, dead = self._line, set[Any]()
        stack: list[tuple[_Checkpoint, Any, Iterator[tuple[int, Any]]]] = []
        mark, steps, placed, stuck, stuck_in = self._checkpoint(), 0, -1, None, None
        while True:
            first = self._place_refusals(state)
            if first == line.end:
                return SearchResult(SearchOutcome.ORDER, steps, self._in_order(), len(line.lifted))
            steps += 1
            if len(line.lifted) > placed:
                placed, stuck, stuck_in = len(line.lifted), first - line.count, state
            if steps % _PROGRESS_EVERY == 0:
                self._progress(placed)
            if steps > budget:
                return SearchResult(
                    SearchOutcome.GAVE_UP, steps, (), placed, self._sure[stuck or 0], stuck_in
                )
            known = dead and (line.base, line.mask, self._placed_possible, state) in dead
            stack.append((mark, state, iter(()) if known else self._next(state, first)))
            while (chosen := next(stack[-1][2], None)) is None:
                mark, state, _ = stack.pop()
                dead.add((line.base, line.mask, self._placed_possible, state))
                self._restore(mark)
                if not stack:
                    return SearchResult(
                        SearchOutcome.NO_ORDER, steps, (), placed, self._sure[stuck or 0], stuck_in
                    )
            mark = self._checkpoint()
            state = self._place(*chosen)

    def _place_refusals(self, state: Any) -> int:
        """Place every refusal that ``state`` explains; return the first return in the list."""
        line, refused, step, sure = self._line, self._refused, self._step, self._sure
        following, count = line.next, line.count
        entry = following[line.head]
        while entry < count:
            if refused[entry] and step(state, sure[entry]) is None:
                line.lift(entry)
            entry = following[entry]
        return entry

    def _next(self, state: Any, first: int) -> Iterator[tuple[int, Any]]:
        """Yield the operations that can come next before the return ``first``, with their states.

        Numbers from ``count`` on are possible operations. Each one is computed only if the
        operations before it have led to dead ends.
        """
        count, sure, step = self._line.count, self._sure, self._step
        urgent = first - count
        tried: list[tuple[object, Any]] = []
        if not self._refused[urgent]:
            after = step(state, sure[urgent])
            if after is not None:
                yield urgent, after
                tried.append((sure[urgent].request_key, after))
            if self._only_takes:  # a dead end, or a refusal that later bookings can't undo
                return
        happened = [call for call in self._waiting() if not self._refused[call] and call != urgent]
        happened.sort(key=lambda call: sure[call].returned or 0)
        if self._only_takes:
            del happened[1:]
        possible = [] if self._only_takes and happened else self._possible_before(sure[urgent])
        for number in happened + possible:
            operation = self._operation(number)
            after = step(state, operation)
            if after is None or (number >= count and after == state):
                continue
            if not any(after == other and operation.request_key == key for key, other in tried):
                yield number, after
                tried.append((operation.request_key, after))

    def _possible_before(self, urgent: Operation) -> list[int]:
        """Return the numbers of the unplaced possible operations that began before an answer."""
        return [
            self._line.count + number
            for number, one in enumerate(self._possible)
            if not self._placed_possible >> number & 1 and one.invoked <= (urgent.returned or 0)
        ]

    def _waiting(self) -> list[int]:
        """Return the calls in the list before the first return."""
        waiting = []
        entry = self._line.next[self._line.head]
        while entry < self._line.count:
            waiting.append(entry)
            entry = self._line.next[entry]
        return waiting

    def _operation(self, number: int) -> Operation:
        count = self._line.count
        return self._sure[number] if number < count else self._possible[number - count]

    def _place(self, number: int, after: Any) -> Any:
        count = self._line.count
        if number < count:
            self._line.lift(number)
        else:
            self._placed_possible |= 1 << (number - count)
            self._order.append((len(self._line.lifted), self._possible[number - count]))
        return after

    def _checkpoint(self) -> _Checkpoint:
        line = self._line
        return len(line.lifted), line.base, line.mask, self._placed_possible

    def _restore(self, mark: _Checkpoint) -> None:
        length, base, mask, placed_possible = mark
        self._line.unlift(length, base, mask)
        if placed_possible != self._placed_possible:
            self._order.pop()
            self._placed_possible = placed_possible

    def _in_order(self) -> tuple[Operation, ...]:
        order = [self._sure[call] for call in self._line.lifted]
        for behind, operation in reversed(self._order):
            order.insert(behind, operation)
        return tuple(order)
