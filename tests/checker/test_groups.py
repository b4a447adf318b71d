"""Dividing a history changes no verdict."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking_lab.checker.linearize import SearchOutcome, linearize
from booking_lab.checker.model import ModelAdapter
from booking_lab.checker.operation import Effect, Operation
from booking_lab.checker.partition import Group, partition

from .models import Hotel, Rooms, operation

#: A busy machine is no finding.
PATIENT = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def found(group: Group) -> SearchOutcome:
    step = ModelAdapter(Hotel(), group.operations).step
    return linearize(group.operations, frozenset(), step).outcome


@st.composite
def histories(draw: st.DrawFn) -> list[Operation]:
    """Bookings of up to two of six rooms, and resets; sparse in time, so that cuts are found."""
    operations = []
    for _ in range(draw(st.integers(0, 14))):
        begin = draw(st.integers(0, 40))
        end = begin + draw(st.integers(0, 4))
        if draw(st.integers(0, 5)) == 0:
            operations.append(operation(None, begin, end, available={"left": 1}))
            continue
        rooms = draw(st.lists(st.sampled_from("uvwxyz"), min_size=1, max_size=2, unique=True))
        effect = draw(st.sampled_from([Effect.HAPPENED, Effect.HAPPENED, Effect.REFUSED]))
        operations.append(operation(Rooms(customer_id="c", rooms=tuple(rooms)), begin, end, effect))
    return operations


@PATIENT
@given(histories())
def test_a_history_has_an_order_if_and_only_if_each_group_has_one(
    operations: list[Operation],
) -> None:
    whole = found(Group(operations, {}))
    parts = [found(group) for group in partition(operations, {})]
    # Resets that came while bookings were under way go with each group by itself, so that the
    # groups may tell a little less; they never tell more.
    if whole is SearchOutcome.ORDER:
        assert set(parts) <= {SearchOutcome.ORDER}
    elif not any(inside(operations)):
        assert SearchOutcome.NO_ORDER in parts


def inside(operations: Sequence[Operation]) -> list[bool]:
    """Whether each reset overlapped with something."""
    return [
        one is not other
        and one.invoked <= (other.returned or 0)
        and other.invoked <= (one.returned or 0)
        for one in operations
        if one.request is None
        for other in operations
    ]


def book(rooms: str, begin: int, end: int) -> Operation:
    return operation(Rooms(customer_id="c", rooms=tuple(rooms)), begin, end)


def shape(groups: Sequence[Group]) -> list[list[str]]:
    return sorted([one.subject for one in group.operations] for group in groups)


def test_operations_are_together_that_share_anchors_through_others() -> None:
    operations = [book("x", 0, 1), book("xy", 2, 3), book("yz", 4, 5), book("w", 0, 9)]
    assert shape(list(partition(operations, {}))) == [["w"], ["x", "x+y", "y+z"]]


def test_a_reset_that_nothing_overlapped_divides_what_was_before_from_what_came_after() -> None:
    operations = [book("x", 0, 1), operation(None, 2, 3, available={"left": 7}), book("x", 4, 5)]
    groups = list(partition(operations, None))
    assert shape(groups) == [["x"], ["x"]]
    assert [group.available for group in groups] == [None, {"left": 7}]


def test_a_reset_that_something_overlapped_divides_the_rest() -> None:
    operations = [
        book("x", 0, 1), book("y", 0, 5), operation(None, 2, 3), book("x", 6, 7), book("y", 6, 7),
    ]  # fmt: skip
    assert shape(list(partition(operations, {}))) == [["x"], ["x"], ["y", "", "y"]]
