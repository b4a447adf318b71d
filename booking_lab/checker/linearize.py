"""The search for an order: can operations that overlap have happened one after the other?

Wing and Gong's search as Lowe made it fast: operations stand in a doubly linked list of calls and
returns; whichever is put next is lifted out, and put back when the search backtracks; what is known
to lead nowhere (a set of operations placed, and the state that they left) is not tried again.

Four things keep the search short without losing an order that exists:

* A refusal changes nothing. Whenever one can be explained, it is placed at once.
* Of those that can come next, the one that was answered first is tried first.
* Operations that ask for the same and do the same to the state are interchangeable; only the one
  that was answered first is tried. (A model may compare names of customers and bookings, and must
  not look into them.)
* Where bookings only take (see ``checker.model``) and nothing is moved or cancelled, the earlier a
  confirmed booking comes, the better: there is no choice among them at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from booking_lab.checker.event_list import EventList
from booking_lab.checker.operation import Effect, Operation

#: The state after an operation; none: it would have been refused.
Transition = Callable[[Any, Operation], Any | None]

#: Steps of the search before it gives up, besides those that every operation needs.
BUDGET = 1_000_000
_PROGRESS_EVERY = 1_000


class SearchOutcome(StrEnum):
    """How a search ended."""

    ORDER = "order"
    NO_ORDER = "no order"
    GAVE_UP = "gave up"


@dataclass(frozen=True)
class SearchResult:
    """How a search ended.

    Attributes:
        outcome: an order, that there is none, or neither.
        steps: how many states were looked at.
        order: the order; empty if there is none.
        placed: how many operations the best attempt at an order could place.
        stuck: the first answer that this attempt couldn't explain.
        state: the state in which it got stuck.
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
        operations: in any order; those without an effect are left out.
        state: the state before all of them; hashable, as are all states after it.
        step: the model.
        budget: how many states more than operations may be looked at.
        only_takes: whether all of them are bookings of a model where bookings only take.
        tell: called now and then with the number of operations placed.

    There is one ticket. Both ask for it at the same time, and only one can have got it:

    >>> def step(sold, operation):
    ...     return None if sold else True
    >>> about = ("book", "tickets", "1", "lab")
    >>> ann = Operation("ann", *about, invoked=1, returned=4, effect=Effect.HAPPENED)
    >>> ben = Operation("ben", *about, invoked=2, returned=3, effect=Effect.REFUSED)
    >>> found = linearize([ann, ben], False, step)
    >>> found.outcome, [one.process for one in found.order]
    (<Found.ORDER: 'order'>, ['ann', 'ben'])
    >>> ben.effect = Effect.HAPPENED
    >>> linearize([ann, ben], False, step).outcome
    <Found.NO_ORDER: 'no order'>
    """
    return _Search(operations, step, only_takes, progress).run(state, budget + len(operations))


#: What to go back to: how many were lifted, ``base`` and ``mask`` of the line, the possible ones.
_Checkpoint = tuple[int, int, int, int]


class _Search:
    """One search; see the module."""

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
        self._line = EventList(self._sure)
        #: Which of the possible ones have been placed, and in which order, among the others.
        self._taken = 0
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
            known = dead and (line.base, line.mask, self._taken, state) in dead
            stack.append((mark, state, iter(()) if known else self._next(state, first)))
            while (chosen := next(stack[-1][2], None)) is None:
                mark, state, _ = stack.pop()
                dead.add((line.base, line.mask, self._taken, state))
                self._restore(mark)
                if not stack:
                    return SearchResult(
                        SearchOutcome.NO_ORDER, steps, (), placed, self._sure[stuck or 0], stuck_in
                    )
            mark = self._checkpoint()
            state = self._place(*chosen)

    def _place_refusals(self, state: Any) -> int:
        """Place every refusal that ``state`` explains; return the first return that is left."""
        line, refused, step, sure = self._line, self._refused, self._step, self._sure
        following, count = line.next, line.count
        entry = following[line.head]
        while entry < count:
            if refused[entry] and step(state, sure[entry]) is None:
                line.lift(entry)
            entry = following[entry]
        return entry

    def _next(self, state: Any, first: int) -> Iterator[tuple[int, Any]]:
        """Yield what can come next before the return ``first``, and the state after it.

        A number from ``count`` on is one of the possible ones. Each is worked out when it is asked
        for, which is when those before it have led nowhere.
        """
        count, sure, step = self._line.count, self._sure, self._step
        urgent = first - count
        tried: list[tuple[object, Any]] = []
        if not self._refused[urgent]:
            after = step(state, sure[urgent])
            if after is not None:
                yield urgent, after
                tried.append((sure[urgent].request_key, after))
            if self._only_takes:  # it has led nowhere, or what is in its way stays there
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
            if not any(after == other and operation.request_key == wish for wish, other in tried):
                yield number, after
                tried.append((operation.request_key, after))

    def _possible_before(self, urgent: Operation) -> list[int]:
        """The numbers of the possible ones, of those not placed, that began before an answer."""
        return [
            self._line.count + number
            for number, one in enumerate(self._possible)
            if not self._taken >> number & 1 and one.invoked <= (urgent.returned or 0)
        ]

    def _waiting(self) -> list[int]:
        """The calls before the first return, of those not placed."""
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
            self._taken |= 1 << (number - count)
            self._order.append((len(self._line.lifted), self._possible[number - count]))
        return after

    def _checkpoint(self) -> _Checkpoint:
        line = self._line
        return len(line.lifted), line.base, line.mask, self._taken

    def _restore(self, mark: _Checkpoint) -> None:
        length, base, mask, taken = mark
        self._line.unlift(length, base, mask)
        if taken != self._taken:
            self._order.pop()
            self._taken = taken

    def _in_order(self) -> tuple[Operation, ...]:
        order = [self._sure[call] for call in self._line.lifted]
        for behind, operation in reversed(self._order):
            order.insert(behind, operation)
        return tuple(order)
