"""The list of a search: calls and returns, doubly linked, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence

from booking_lab.checker.operation import Operation


class CallReturnList:
    """Calls and returns in the order of time; operations that are placed are lifted out.

    Entry ``i`` is the call of operation ``i``, and entry ``n + i`` its return. The next operation
    of an order can be any call in the list before the first return.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.count = n = len(operations)
        calls = [(operation.invoked, 0, i) for i, operation in enumerate(operations)]
        returns = [(operation.returned, 1, i) for i, operation in enumerate(operations)]
        self.end, self.head = 2 * n, 2 * n + 1
        entries = [i + n * is_return for _, is_return, i in sorted(calls + returns)]
        self.next = [self.end] * (2 * n + 2)
        self.previous = [self.head] * (2 * n + 2)
        for one, other in zip([self.head, *entries], [*entries, self.end], strict=True):
            self.next[one], self.previous[other] = other, one
        self.lifted: list[int] = []
        #: The lifted operations: all before ``base``, and the bits of ``mask`` counted from there.
        self.base = self.mask = 0

    def lift(self, call: int) -> None:
        """Lift an operation's call and return out of the list."""
        following, previous = self.next, self.previous
        for entry in (call + self.count, call):
            before, behind = previous[entry], following[entry]
            following[before], previous[behind] = behind, before
        self.lifted.append(call)
        self.mask |= 1 << (call - self.base)
        if self.mask & 1:
            ones = (~self.mask & (self.mask + 1)).bit_length() - 1
            self.base += ones
            self.mask >>= ones

    def unlift(self, length: int, base: int, mask: int) -> None:
        """Undo lifts until ``length`` are left, and restore ``base`` and ``mask``."""
        following, previous = self.next, self.previous
        while len(self.lifted) > length:
            call = self.lifted.pop()
            for entry in (call, call + self.count):
                following[previous[entry]] = previous[following[entry]] = entry
        self.base, self.mask = base, mask
