"""Queues in the memory of a process: bookers wait in them until one of them books for all."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable, Sequence
from contextlib import suppress
from itertools import pairwise

from booking_lab.core.booking import Booking
from booking_lab.core.lease import ProcessMemory


class Waiter:
    """A booker in a queue.

    Attributes:
        booking: the booking that it waits for.
        alone: whether it may not share a transaction with others.
        is_leader: whether it is the writer now.
        done: whether a writer has decided on its booking.
        error: the reason why it isn't booked, once a writer knows.
        has_left: whether its booker waits no longer; the booker may have been interrupted.
        wakeup: a lock that is held until this waiter is the leader or done.
        next: the waiter that this one wakes after it has seen that it is done. If the writer woke
            all of them at once, they would compete with the next writer for the GIL.
    """

    __slots__ = ("alone", "booking", "done", "error", "has_left", "is_leader", "next", "wakeup")

    def __init__(self, booking: Booking, *, alone: bool) -> None:
        self.booking = booking
        self.alone = alone
        self.is_leader = self.done = self.has_left = False
        self.error: BaseException | None = None
        self.next: Waiter | None = None
        self.wakeup = threading.Lock()
        self.wakeup.acquire()

    def make_leader(self) -> None:
        """Make it the writer, and wake it."""
        self.is_leader = True
        self.wakeup.release()

    def wake(self) -> None:
        """Wake it; if it has left, wake the next one. A second call changes nothing."""
        waiter: Waiter | None = self
        while waiter:
            with suppress(RuntimeError):  # it was woken before
                waiter.wakeup.release()
            waiter = waiter.next if waiter.has_left else None

    def leave(self) -> None:
        """Stop waiting, for whatever reason, and wake the next one."""
        self.has_left = True
        if self.done and self.next:
            self.next.wake()


def complete(waiters: Sequence[Waiter]) -> None:
    """Mark ``waiters`` as done and wake the first; each of them wakes the next one."""
    for waiter, following in pairwise(waiters):
        waiter.next = following
    # From the last to the first: a waiter that sees that it is done finds its next one done, too.
    for waiter in reversed(waiters):
        waiter.done = True
    if waiters:
        waiters[0].wake()


class BookingQueues:
    """The queues of one process, by the things that their bookers have in common.

    A queue exists while it has a writer. The first waiter is the writer. It takes a batch out of
    the queue and works on that. When it has finished, the first of the others is the next writer.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[Waiter]] = {}

    @classmethod
    def of(cls, memory: ProcessMemory) -> BookingQueues:
        """Return the queues of the process that ``memory`` belongs to."""
        return memory.shared("queues", cls)

    def enter(self, key: Hashable, waiter: Waiter) -> None:
        """Append ``waiter`` to a queue; it is the leader if the queue did not exist."""
        with self._lock:
            waiting = self._waiting.get(key)
            if waiting is None:
                waiting = self._waiting[key] = deque()
                waiter.make_leader()
            waiting.append(waiter)

    def take_batch(self, key: Hashable, most: int) -> list[Waiter]:
        """Remove the writer and the waiters behind it, at most ``most`` in all, and return them."""
        with self._lock:
            waiting = self._waiting[key]
            batch = [waiting.popleft()]
            while waiting and len(batch) < most and not (batch[0].alone or waiting[0].alone):
                batch.append(waiting.popleft())
            return batch

    def remove(self, key: Hashable, waiter: Waiter) -> bool:
        """Remove ``waiter`` from its queue; return whether it was still there.

        A waiter that is in a batch already gets its result from the writer of that batch.
        """
        with self._lock:
            waiting = self._waiting.get(key, ())
            if waiter not in waiting:
                return False
            self._waiting[key].remove(waiter)
            if waiter.is_leader:
                self._pass_leadership(key)
            return True

    def pass_leadership(self, key: Hashable) -> None:
        """Make the first waiter the leader; the writer calls it when its batch is finished."""
        with self._lock:
            self._pass_leadership(key)

    def _pass_leadership(self, key: Hashable) -> None:
        if self._waiting[key]:
            self._waiting[key][0].make_leader()
        else:
            del self._waiting[key]
