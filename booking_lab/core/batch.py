"""Bookings of several bookers in one transaction: one of them writes, the others wait for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from booking_lab.core.booking import Booking
from booking_lab.core.lease import Servers
from booking_lab.core.queue import Place, Queues
from booking_lab.core.step import StepKind
from booking_lab.core.workload import Session
from booking_lab.errors import (
    CommitUnknown,
    Conflict,
    LockTimeout,
    Retryable,
    StartOver,
    StrategyFault,
    Superseded,
    TimedOut,
    Unavailable,
)

#: Announces a step for as long as the block runs.
Announce = Callable[[StepKind, str], AbstractContextManager[object]]
#: What is to change, and for whom.
Changes = Sequence[tuple[Place, Any]]

#: What befalls the whole transaction. Anything else is the doing of one booking in it.
_COMMON = (Retryable, TimedOut, Unavailable, Superseded, CommitUnknown, StartOver)


class Turn:
    """A booker's turn among those of its process who want the same things.

    Args:
        booking: what it wants to book.
        alone: whether it may not share a transaction with others.
        servers: the process's memory and clock.
        announce: announces steps.
    """

    def __init__(
        self, booking: Booking, servers: Servers, announce: Announce, *, alone: bool
    ) -> None:
        self._place = Place(booking, alone=alone)
        self._queues = Queues.of(servers.memory)
        self._clock = servers.clock
        self._announce = announce
        # One transaction locks the same rows for all, under the same strategy and selection.
        self._key = (
            booking.workload.name,
            booking.strategy,
            booking.epoch,
            booking.request.generation,
            tuple(sorted(booking.workload.anchors(booking.request))),
        )

    def come(self, most: int, wait: float) -> Sequence[Place]:
        """Wait to be the writer, and return whom to book for; nobody: another writer has done it.

        Raises:
            LockTimeout: the writers before took longer than ``wait`` seconds.
            BookingLabError: another writer was to book it, and this is why it isn't booked.
        """
        try:
            self._wait(wait)
            if self._place.leads:
                with self._announce(StepKind.READ, "queue"):
                    return self._queues.draw(self._key, most)
        except BaseException:
            self._queues.leave(self._key, self._place)
            raise
        if self._place.error:
            raise self._place.error
        return ()

    def _wait(self, seconds: float) -> None:
        place = self._place
        deadline = self._clock.now() + seconds
        with self._announce(StepKind.ACQUIRE, "turn"):
            self._queues.enter(self._key, place)
        while not (place.leads or place.done):
            place.booking.timing.contended += 1
            left = deadline - self._clock.now()
            if left <= 0 and self._queues.leave(self._key, place):
                raise LockTimeout(
                    "Those before in the queue took too long; nothing was booked. Try again."
                )
            with self._announce(StepKind.WAIT, "turn"):
                self._clock.wait(place.quiet, left if left > 0 else seconds)

    def hand_out(
        self, places: Sequence[Place], failure: BaseException | None, *, committed: bool
    ) -> None:
        """Tell each of ``places`` what became of it, and let the next writer begin.

        Raises:
            BookingLabError: why the writer's own booking isn't booked.
        """
        for place in places:
            place.end(_ending(place, failure, committed=committed, alone=len(places) == 1))
        self._queues.pass_on(self._key)
        # Whoever tears the writer out of its work has more to say than its own place.
        if self._place.error and (failure is None or isinstance(failure, Exception)):
            raise self._place.error


class Batch:
    """What the writer books at once: its own booking and those that waited behind it."""

    def __init__(
        self,
        places: Sequence[Place],
        session: Session,
        announce: Announce,
        written: list[Booking],
    ) -> None:
        self._places = places
        self._session = session
        self._announce = announce
        self._written = written
        self._workload: Any = places[0].booking.workload

    def __len__(self) -> int:
        return len(self._places)

    def read(self) -> Any:
        """Read one state on which all of them can be decided."""
        requests = [place.booking.request for place in self._places]
        with self._announce(StepKind.READ, "state"):
            return self._workload.read_all(self._session, requests)

    def decide(self, state: Any) -> Changes:
        """Decide one after the other, each on what those before it leave; return what to change.

        What is refused is out of the batch, and its booker told so in the end.
        """
        changes = []
        with self._announce(StepKind.DECIDE, "decide"):
            for place in self._places:
                request = place.booking.request
                try:
                    change = self._workload.decide(state, request)
                    state = self._workload.apply(state, request, change)
                except Exception as error:  # whatever it is, it is this booking's alone
                    place.error = error
                else:
                    changes.append((place, change))
        return changes

    def write(self, changes: Changes) -> None:
        """Write all changes and bookings by one statement, whatever the state is by now."""
        if not changes:
            return
        with self._announce(StepKind.WRITE, "bookings"):
            ids = self._write([(place.booking.request, change) for place, change in changes])
        for (place, _), booking_id in zip(changes, ids, strict=True):
            place.booking.booking_id = booking_id
            self._written.append(place.booking)

    def _write(self, changes: Sequence[tuple[Any, Any]]) -> Sequence[int]:
        if changes[0][0].action == "book":
            ids: Sequence[int] = self._workload.write_all(self._session, changes)
            return ids
        [(request, change)] = changes  # what moves or cancels a booking is alone
        return [self._workload.write(self._session, request, change)]


def _ending(
    place: Place, failure: BaseException | None, *, committed: bool, alone: bool
) -> BaseException | None:
    """Return what to raise for ``place``; none: it is booked."""
    if failure is None:
        if place.error or (committed and place.booking.booking_id is not None):
            return place.error
        return StrategyFault("The batch was left without a committed write of this booking.")
    if not isinstance(failure, Exception):
        # The writer is torn out of its work, nobody knows how far it came.
        return CommitUnknown()
    if isinstance(failure, _COMMON):
        # Each thread raises an error of its own: they would write into each other's tracebacks.
        return type(failure)(*failure.args)
    if alone:
        return failure
    return Conflict(
        "Another booking could not be written, and with it nothing of its batch. Try again."
    )
