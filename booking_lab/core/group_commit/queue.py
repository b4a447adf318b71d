"""Queues in the memory of a process: bookers who wait for one of them to book for all."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable, Sequence
from contextlib import suppress
from itertools import pairwise

from booking_lab.core.booking import Booking
from booking_lab.core.lease import Memory


class Place:
    """A booker's place in its queue.

    Attributes:
        booking: what it wants to book.
        alone: whether it may not share a transaction with others.
        leads: whether it is the writer now.
        done: whether a writer has dealt with it.
        error: why it isn't booked, once a writer knows.
        gone: whether its booker waits no longer; it may have been torn away.
        quiet: held until it leads or is done.
        next: whom it wakes up when it knows that it is done. Were all woken up at once, the next
            writer would stand behind all of them whenever it wants the interpreter.
    """

    __slots__ = ("alone", "booking", "done", "error", "gone", "leads", "next", "quiet")

    def __init__(self, booking: Booking, *, alone: bool) -> None:
        self.booking = booking
        self.alone = alone
        self.leads = self.done = self.gone = False
        self.error: BaseException | None = None
        self.next: Place | None = None
        self.quiet = threading.Lock()
        self.quiet.acquire()

    def lead(self) -> None:
        """Make it the writer."""
        self.leads = True
        self.quiet.release()

    def hear(self) -> None:
        """Wake it up, or whom it was to wake up if it is gone. Twice is as good as once."""
        place: Place | None = self
        while place:
            with suppress(RuntimeError):  # it was woken up before
                place.quiet.release()
            place = place.next if place.gone else None

    def leave(self) -> None:
        """Wait no longer, whatever has ended it, and wake up the next."""
        self.gone = True
        if self.done and self.next:
            self.next.hear()


def tell(places: Sequence[Place]) -> None:
    """Tell ``places`` that they are done; the first is woken up, and each wakes up its next."""
    for place, following in pairwise(places):
        place.next = following
    # From the last to the first: whoever sees that it is done finds its next done as well.
    for place in reversed(places):
        place.done = True
    if places:
        places[0].hear()


class Queues:
    """The queues of one process, by what their bookers have in common.

    A queue is there while it has a writer. The writer is the first who waits, until it draws; then
    it is on its own with what it has drawn, and when it is done, who waits first leads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[Place]] = {}

    @classmethod
    def of(cls, memory: Memory) -> Queues:
        """Return the queues of the process whose ``memory`` this is."""
        return memory.shared("queues", cls)

    def enter(self, key: Hashable, place: Place) -> None:
        """Stand in line; who finds nobody there leads."""
        with self._lock:
            waiting = self._waiting.get(key)
            if waiting is None:
                waiting = self._waiting[key] = deque()
                place.lead()
            waiting.append(place)

    def draw(self, key: Hashable, most: int) -> list[Place]:
        """Take the writer's own place and those behind it out of line, at most ``most`` in all."""
        with self._lock:
            waiting = self._waiting[key]
            drawn = [waiting.popleft()]
            while waiting and len(drawn) < most and not (drawn[0].alone or waiting[0].alone):
                drawn.append(waiting.popleft())
            return drawn

    def leave(self, key: Hashable, place: Place) -> bool:
        """Wait no longer; return whether that was possible. What is drawn will be dealt with."""
        with self._lock:
            waiting = self._waiting.get(key, ())
            if place not in waiting:
                return False
            self._waiting[key].remove(place)
            if place.leads:
                self._pass_on(key)
            return True

    def pass_on(self, key: Hashable) -> None:
        """Let the first who waits lead; the writer calls it when it is done with what it drew."""
        with self._lock:
            self._pass_on(key)

    def _pass_on(self, key: Hashable) -> None:
        if self._waiting[key]:
            self._waiting[key][0].lead()
        else:
            del self._waiting[key]
