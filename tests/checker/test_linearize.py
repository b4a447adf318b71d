"""The search against all permutations, and against histories whose answer is known."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import chain, combinations, permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from booking_lab.checker.linearize import SearchOutcome, Transition, linearize
from booking_lab.checker.model import ModelAdapter
from booking_lab.checker.operation import Effect, Operation
from booking_lab.errors import SoldOut, Taken

from .models import Counter, Hotel, Rooms, Some, operation

#: A busy machine is no finding.
PATIENT = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])

HAPPENED, REFUSED, POSSIBLE = Effect.HAPPENED, Effect.REFUSED, Effect.POSSIBLE


def orders(operations: Sequence[Operation]) -> Iterator[tuple[Operation, ...]]:
    """Every order of those that were answered, with any of the others."""
    sure = [one for one in operations if one.effect in (HAPPENED, REFUSED)]
    perhaps = [one for one in operations if one.effect is POSSIBLE]
    some = chain.from_iterable(combinations(perhaps, many) for many in range(len(perhaps) + 1))
    for extra in some:
        yield from permutations((*sure, *extra))


def explains(order: Sequence[Operation], state: Any, step: Transition) -> bool:
    """Whether this order is one, by the definition."""
    for index, one in enumerate(order):
        # Who was answered before another one began comes before it.
        if any(other.returned is not None and other.returned < one.invoked
               for other in order[index + 1:]):  # fmt: skip
            return False
        after = step(state, one)
        if (after is None) != (one.effect is REFUSED):
            return False
        state = state if after is None else after
    return True


def hold_to_brute_force(model: Any, state: Any, operations: Sequence[Operation]) -> None:
    modelled = ModelAdapter(model, operations)
    step = modelled.step
    found = linearize(operations, state, step, only_takes=modelled.only_takes)
    there_is = any(explains(order, state, step) for order in orders(operations))
    event(f"explained: {there_is}")
    assert found.outcome is (SearchOutcome.ORDER if there_is else SearchOutcome.NO_ORDER)
    if there_is:
        assert explains(found.order, state, step)
        assert {one for one in found.order if one.effect is not POSSIBLE} == {
            one for one in operations if one.effect is not POSSIBLE
        }


@st.composite
def intervals(draw: st.DrawFn) -> tuple[int, int, Effect]:
    begin = draw(st.integers(0, 8))
    effect = draw(st.sampled_from([HAPPENED, HAPPENED, REFUSED, POSSIBLE]))
    return begin, begin + draw(st.integers(0, 5)), effect


@st.composite
def counters(draw: st.DrawFn) -> list[Operation]:
    return [
        operation(
            Some(customer_id=draw(st.sampled_from("abc")), quantity=draw(st.integers(1, 3))),
            begin,
            None if effect is POSSIBLE else end,
            effect,
        )
        for begin, end, effect in draw(st.lists(intervals(), max_size=6))
    ]


ROOMS = st.lists(st.sampled_from("xy"), min_size=1, max_size=2, unique=True).map(tuple)


@st.composite
def hotels(draw: st.DrawFn) -> list[Operation]:
    """Bookings of up to two rooms, moves and cancellations."""
    operations: list[Operation] = []
    for number, (begin, end, effect) in enumerate(draw(st.lists(intervals(), max_size=6))):
        name = draw(st.sampled_from("abc"))
        request = Rooms(customer_id=name, id=UUID(int=number), rooms=draw(ROOMS))
        bookings = [one.request for one in operations if one.action == "book"]
        if bookings and draw(st.booleans()):
            before = draw(st.sampled_from(bookings))
            request = Rooms(
                customer_id=name,
                id=UUID(int=number),
                rooms=draw(st.one_of(st.just(()), ROOMS)),
                given_back=before.rooms,
                replaces=before.id,
            )
        operations.append(operation(request, begin, None if effect is POSSIBLE else end, effect))
    return operations


@PATIENT
@given(counters(), st.integers(0, 6))
def test_a_counter_is_explained_if_and_only_if_a_permutation_explains_it(
    operations: list[Operation], left: int
) -> None:
    hold_to_brute_force(Counter(), left, operations)


class Reserved(Counter):
    """A counter that says nothing of order."""

    bookings_only_take = False


class Rest(Reserved):
    """Gives the rest if less is left than was asked for; who asks for none fills it up to six."""

    def decide(self, left: int, request: Some) -> int:
        if not request.quantity:
            return left - 6
        if not left:
            raise SoldOut
        return min(left, request.quantity)


class Register(Reserved):
    """Holds the last value, and refuses what it holds already: the order makes the state."""

    def decide(self, value: int, request: Some) -> int:
        if value == request.quantity:
            raise Taken
        return value - request.quantity


@pytest.mark.parametrize(
    "model", [Reserved(), Rest(), Register()], ids=lambda one: type(one).__name__
)
@PATIENT
@given(operations=counters(), left=st.integers(0, 6))
def test_so_are_models_of_which_nothing_more_is_known(
    model: Any, operations: list[Operation], left: int
) -> None:
    hold_to_brute_force(model, left, operations)


@PATIENT
@given(hotels())
def test_so_are_rooms_that_are_moved_and_cancelled(operations: list[Operation]) -> None:
    hold_to_brute_force(Hotel(), frozenset(), operations)


def book(rooms: str, begin: int, end: int | None, effect: Effect = HAPPENED) -> Operation:
    return operation(Rooms(customer_id="c", rooms=tuple(rooms)), begin, end, effect)


def cancel(before: Operation, begin: int, end: int | None, effect: Effect = HAPPENED) -> Operation:
    assert isinstance(before.request, Rooms)
    request = Rooms(customer_id="c", given_back=before.request.rooms, replaces=before.request.id)
    return operation(request, begin, end, effect)


def found(*operations: Operation) -> SearchOutcome:
    return linearize(operations, frozenset(), ModelAdapter(Hotel(), operations).step).outcome


def test_known_histories_of_one_room() -> None:
    assert found() is SearchOutcome.ORDER
    assert found(book("x", 0, 1), book("x", 2, 3)) is SearchOutcome.NO_ORDER
    assert found(book("x", 0, 1), book("x", 2, 3, REFUSED)) is SearchOutcome.ORDER
    # Refused before anybody had it; while somebody got it; after it was given back.
    assert found(book("x", 0, 1, REFUSED), book("x", 2, 3)) is SearchOutcome.NO_ORDER
    assert found(book("x", 0, 2, REFUSED), book("x", 1, 3)) is SearchOutcome.ORDER
    first = book("x", 0, 1)
    assert found(first, cancel(first, 2, 3), book("x", 4, 5, REFUSED)) is SearchOutcome.NO_ORDER
    assert found(first, cancel(first, 2, 3), book("x", 4, 5)) is SearchOutcome.ORDER
    assert found(first, cancel(first, 2, 3), cancel(first, 4, 5)) is SearchOutcome.NO_ORDER


class Promising(Hotel):
    bookings_only_take = True


def test_bookings_only_take_where_nothing_is_given_back() -> None:
    first = book("x", 0, 1)
    operations = [first, cancel(first, 2, 20), book("x", 3, 10)]
    modelled = ModelAdapter(Promising(), operations)
    assert not modelled.only_takes
    assert ModelAdapter(Promising(), [first]).only_takes
    result = linearize(operations, frozenset(), modelled.step, only_takes=modelled.only_takes)
    assert result.outcome is SearchOutcome.ORDER


def test_an_unknown_outcome_takes_effect_at_any_later_time_or_never() -> None:
    unknown = book("x", 2, None, POSSIBLE)
    assert found(unknown, book("x", 100, 101, REFUSED)) is SearchOutcome.ORDER
    assert found(unknown, book("x", 100, 101)) is SearchOutcome.ORDER
    assert (
        found(unknown, book("x", 100, 101, REFUSED), book("x", 200, 201)) is SearchOutcome.NO_ORDER
    )
    assert found(unknown, book("x", 0, 1, REFUSED)) is SearchOutcome.NO_ORDER


def test_moments_that_are_the_same_count_as_overlapping() -> None:
    assert found(book("x", 5, 9), book("x", 0, 5, REFUSED)) is SearchOutcome.ORDER
    assert found(book("x", 6, 9), book("x", 0, 5, REFUSED)) is SearchOutcome.NO_ORDER


def test_what_got_stuck_is_named_with_the_state() -> None:
    first, second = book("x", 0, 1), book("x", 2, 3)
    result = linearize([second, first], frozenset(), ModelAdapter(Hotel(), []).step)
    assert result.stuck is second
    assert result.placed == 1
    assert {room for room, _ in result.state} == {"x"}


def crowd(many: int, capacity: int, *, oversold: int = 0, seed: int = 1) -> list[Operation]:
    """32 customers who ask a counter again and again, as it would have answered them."""
    chance = random.Random(seed)
    free_at = [chance.random() for _ in range(32)]
    asked = []
    for _ in range(many):
        number = min(range(32), key=free_at.__getitem__)
        begin = free_at[number]
        end = begin + chance.expovariate(1)
        asked.append((chance.uniform(begin, end), begin, end, number, chance.choice([1, 2, 3, 4])))
        free_at[number] = end + chance.expovariate(10)
    operations = []
    for _, begin, end, number, quantity in sorted(asked):
        effect = HAPPENED if quantity <= capacity + oversold else REFUSED
        capacity -= quantity if effect is HAPPENED else 0
        request = Some(customer_id=f"c{number}", quantity=quantity)
        operations.append(operation(request, int(begin * 1e6), int(end * 1e6), effect))
    return operations


@pytest.mark.parametrize(
    ("oversold", "expected"),
    [(0, SearchOutcome.ORDER), (3, SearchOutcome.NO_ORDER)],
    ids=["right", "oversold"],
)
def test_one_hot_counter_takes_a_step_for_each_operation(
    oversold: int, expected: SearchOutcome
) -> None:
    operations = crowd(20_000, 24_000, oversold=oversold)
    result = linearize(
        operations, 24_000, ModelAdapter(Counter(), operations).step, only_takes=True, budget=0
    )
    assert result.outcome is expected


def ask(quantity: int, begin: int, end: int, effect: Effect = HAPPENED) -> Operation:
    return operation(Some(customer_id="c", quantity=quantity), begin, end, effect)


def test_different_wishes_that_do_the_same_now_may_do_different_things_later() -> None:
    # Who wants five and who wants three come to the same with three left, not with six. Only if
    # three were given first and one of six was left for the last one, nothing is left.
    operations = [
        ask(0, 3, 4), ask(5, 0, 10), ask(3, 0, 12), ask(1, 13, 14), ask(1, 15, 16, REFUSED),
    ]  # fmt: skip
    result = linearize(operations, 3, ModelAdapter(Rest(), operations).step)
    assert [getattr(one.request, "quantity", None) for one in result.order] == [3, 0, 5, 1, 1]


def test_another_order_of_the_same_that_comes_to_another_state_is_tried() -> None:
    operations = [ask(1, 0, 10), ask(2, 0, 12), ask(2, 20, 21)]
    result = linearize(operations, 0, ModelAdapter(Register(), operations).step)
    assert [getattr(one.request, "quantity", None) for one in result.order] == [2, 1, 2]


def test_what_is_known_to_lead_nowhere_is_not_tried_again() -> None:
    # Nothing explains the refusal. The others have 9! orders, and come to 2**9 sets.
    operations = [book(room, 0, None, POSSIBLE) for room in "abcdefghi"]
    operations.append(book("x", 0, 1, REFUSED))
    result = linearize(operations, frozenset(), ModelAdapter(Hotel(), operations).step)
    assert result.outcome is SearchOutcome.NO_ORDER
    assert result.steps < 9 * 2**9


def test_a_search_that_takes_too_long_gives_up() -> None:
    operations = crowd(20_000, 24_000, oversold=3)
    result = linearize(operations, 24_000, ModelAdapter(Reserved(), operations).step, budget=1_000)
    assert result.outcome is SearchOutcome.GAVE_UP
    assert result.stuck is not None
