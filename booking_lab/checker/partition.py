"""Divides a history: what has nothing to do with each other is checked by itself.

In time, at resets: what is booked afterwards begins with a known state. In space, by anchors: two
operations without an anchor in common, directly or through others, can't stand in each other's way.
A history has an order if and only if each group has one.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from booking_lab.checker.operation import Effect, Operation


@dataclass(frozen=True)
class Group:
    """Operations that share anchors, from a known state on.

    Attributes:
        operations: bookings, moves and cancellations, with the resets that came while one of them
            was under way, in the order of their invocations.
        available: what was recorded of the state before all of them; none: nothing is known.
        undirected: operations of nobody knows what, which may have been about these anchors.
    """

    operations: Sequence[Operation]
    available: Mapping[str, Any] | None
    unassigned: Sequence[Operation] = ()

    @property
    def anchors(self) -> list[str]:
        """All anchors of the operations."""
        return sorted({anchor for one in self.operations for anchor in one.anchors})


def partition(
    operations: Iterable[Operation], available: Mapping[str, Any] | None
) -> Iterator[Group]:
    """Divide the operations of one scope on one database.

    Args:
        operations: what may have changed something or has seen something, and the resets.
        available: what is known of the state before.
    """
    for epoch in _epochs(Group(list(operations), available)):
        directed = [one for one in epoch.operations if not one.unassigned]
        unassigned = [one for one in epoch.operations if one.unassigned]
        for together in _components(directed):
            yield from _epochs(Group(together, epoch.available, unassigned))


def _epochs(group: Group) -> Iterator[Group]:
    """Cut at every reset that nothing else overlapped."""
    in_time = sorted(group.operations, key=lambda one: one.invoked)
    begins = [one.invoked for one in in_time]
    # The last moment at which anything invoked so far was under way.
    latest = list(accumulate(map(_end, in_time), max))
    inside: list[Operation] = []
    available = group.available
    for index, one in enumerate(in_time):
        before = latest[index - 1] if index else -math.inf
        meanwhile = bisect_right(begins, _end(one)) - index - 1
        if one.action != "reset" or meanwhile or before >= one.invoked:
            if one.action == "reset" and one.effect is Effect.POSSIBLE and available:
                # Nobody said what it has left; it was as much the last time.
                one = replace(one, available=available)
            inside.append(one)
            continue
        if any(other.request for other in inside):
            yield Group(inside, available, group.unassigned)
        inside, available = [], one.available
    if any(other.request for other in inside):
        yield Group(inside, available, group.unassigned)


def _end(operation: Operation) -> float:
    """When it was over.

    A booking that nobody answered can't show up behind a reset that began later: it belongs to a
    generation before. A reset that nobody answered may come at any time.
    """
    if operation.returned is not None:
        return operation.returned
    return math.inf if operation.action == "reset" else operation.invoked


def _components(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Gather what shares anchors; resets concern all and go with each."""
    parents: dict[str, str] = {}

    def root(anchor: str) -> str:
        while (parent := parents.setdefault(anchor, anchor)) != anchor:
            parents[anchor] = anchor = parents[parent]
        return anchor

    for operation in operations:
        for anchor in operation.anchors[1:]:
            parents[root(anchor)] = root(operation.anchors[0])
    together: dict[str, list[Operation]] = defaultdict(list)
    resets = [one for one in operations if one.request is None]
    for operation in operations:
        if operation.anchors:
            together[root(operation.anchors[0])].append(operation)
    for one in together.values():
        yield one + resets


def count_overlapping(operations: Iterable[Operation]) -> int:
    """Count the operations that began while another one on an anchor of theirs was under way.

    One of the two was confirmed, or may have been: where nobody books, nobody can be in the way.
    Only these put a strategy to the test.
    """
    by_anchor: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    for operation in operations:
        for anchor in operation.anchors:
            by_anchor[operation.database, anchor].append(operation)
    found: set[Operation] = set()
    for group in by_anchor.values():
        anyone = booker = -math.inf
        for one in sorted(group, key=lambda one: one.invoked):
            books = one.effect in (Effect.HAPPENED, Effect.POSSIBLE)
            if one.invoked <= (anyone if books else booker):
                found.add(one)
            end = math.inf if one.returned is None else one.returned
            anyone, booker = max(anyone, end), max(booker, end if books else booker)
    return len(found)
