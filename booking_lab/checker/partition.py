"""Partitions a history into groups of operations that can be checked separately.

In time, resets are the borders: after a reset, the state is known. In space, anchors divide: two
operations without a common anchor, directly or through others, can't influence each other. A
history has an order if and only if each group has one.
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
    """Operations that share anchors, with the state before them.

    Attributes:
        operations: bookings, moves and cancellations, in the order of their invocations, with the
            resets that overlapped with them.
        available: the recorded facts of the state before all of them; none if it is not known.
        unassigned: operations without a known anchor, which may concern these anchors.
    """

    operations: Sequence[Operation]
    available: Mapping[str, Any] | None
    unassigned: Sequence[Operation] = ()

    @property
    def anchors(self) -> list[str]:
        """The names of all anchors of the operations."""
        return sorted({anchor for one in self.operations for anchor in one.anchors})


def partition(
    operations: Iterable[Operation], available: Mapping[str, Any] | None
) -> Iterator[Group]:
    """Partition the operations of one scope on one database.

    Args:
        operations: the resets, and all operations that may have changed or observed the state.
        available: the recorded facts of the state before; none if it is not known.
    """
    for epoch in _epochs(Group(list(operations), available)):
        directed = [one for one in epoch.operations if not one.unassigned]
        unassigned = [one for one in epoch.operations if one.unassigned]
        for together in _components(directed):
            yield from _epochs(Group(together, epoch.available, unassigned))


def _epochs(group: Group) -> Iterator[Group]:
    """Divide a group at every reset that overlaps with no other operation."""
    in_time = sorted(group.operations, key=lambda one: one.invoked)
    begins = [one.invoked for one in in_time]
    # The latest end of the operations so far.
    latest = list(accumulate(map(_end, in_time), max))
    inside: list[Operation] = []
    available = group.available
    for index, one in enumerate(in_time):
        before = latest[index - 1] if index else -math.inf
        meanwhile = bisect_right(begins, _end(one)) - index - 1
        if one.action != "reset" or meanwhile or before >= one.invoked:
            if one.action == "reset" and one.effect is Effect.POSSIBLE and available:
                # Its facts are not known; a reset always leaves the same.
                one = replace(one, available=available)
            inside.append(one)
            continue
        if any(other.request for other in inside):
            yield Group(inside, available, group.unassigned)
        inside, available = [], one.available
    if any(other.request for other in inside):
        yield Group(inside, available, group.unassigned)


def _end(operation: Operation) -> float:
    """Return the time of the operation's end.

    A booking without an answer can't take effect after a later reset, because of its generation. A
    reset without an answer may take effect at any time.
    """
    if operation.returned is not None:
        return operation.returned
    return math.inf if operation.action == "reset" else operation.invoked


def _components(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Yield the operations that share anchors; each list also has all resets."""
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
    """Count the operations that began while another one on the same anchor was under way.

    At least one of the two has to be confirmed, or possibly confirmed. Only such operations test a
    strategy.
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
