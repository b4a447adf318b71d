"""The time line of a search."""

from __future__ import annotations

from collections.abc import Sequence

from booking_lab.checker.operation import Operation


class EventList:
    """Calls and returns in the order of time; what has been placed is lifted out.

    Entry ``i`` is the call of operation ``i``, entry ``n + i`` its return; of those not lifted,
    the calls before the first return are what can come next.
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
        #: Which are lifted: all before ``base``, and those of ``mask`` counted from there.
        self.base = self.mask = 0

    def lift(self, call: int) -> None:
        """Take an operation's call and return out."""
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
        """Go back to when ``length`` were lifted, with what ``base`` and ``mask`` were then."""
        following, previous = self.next, self.previous
        while len(self.lifted) > length:
            call = self.lifted.pop()
            for entry in (call, call + self.count):
                following[previous[entry]] = previous[following[entry]] = entry
        self.base, self.mask = base, mask
