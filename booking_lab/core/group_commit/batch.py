"""Bookings of several bookers in one transaction: one of them writes, the others wait for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from booking_lab.core.booking import Booking
from booking_lab.core.group_commit.queue import Place, Queues, tell
from booking_lab.core.lease import Servers
from booking_lab.core.step import StepKind, StepName
from booking_lab.core.workload import Session
from booking_lab.errors import (
    BookingLabError,
    CommitUnknown,
    Conflict,
    LockTimeout,
    Retryable,
    StartOver,
    StrategyFault,
    Superseded,
    TimedOut,
    Unavailable,
    shown,
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
        servers: the process's memory and clock.
        announce: announces steps.
        alone: whether it may not share a transaction with others.
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

    def come(self, wait: float) -> bool:
        """Wait for the turn; false if another writer has booked this one meanwhile.

        Raises:
            LockTimeout: the writers before took longer than ``wait`` seconds.
            BookingLabError: another writer was to book it, and this is why it isn't booked.
        """
        try:
            self._wait(wait)
        except BaseException:
            self._queues.leave(self._key, self._place)
            raise
        finally:
            self._place.leave()
        if self._place.error:
            raise self._place.error
        return self._place.leads

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

    def draw(self, most: int) -> Sequence[Place]:
        """Take this place and those behind it out of the line, at most ``most`` in all."""
        return self._queues.draw(self._key, most)

    def end(
        self, places: Sequence[Place], failure: BaseException | None, stand: Sequence[Booking]
    ) -> None:
        """Let the next writer begin, and tell each of ``places`` what became of it.

        Args:
            places: what the writer has drawn; none: not even its own.
            failure: what has torn it out of its work.
            stand: the bookings that it has committed.

        Raises:
            BookingLabError: why the writer's own booking isn't booked.
        """
        if not self._queues.leave(self._key, self._place):
            self._queues.pass_on(self._key)
        standing = {id(booking) for booking in stand}
        try:
            for place in places or [self._place]:
                stands = id(place.booking) in standing
                place.error = _ending(place, failure, stands=stands, alone=len(places) < 2)
        finally:
            tell(places[1:])
        # Whoever tears the writer out of its work has more to say than its own place.
        if self._place.error and (failure is None or isinstance(failure, Exception)):
            raise self._place.error


class Batch:
    """What the writer books at once: its own booking and those that stand behind it.

    Args:
        turn: the writer's.
        most: bookings at most.
        session: the writer's.
        announce: announces steps.
        writing: announces that bookings are written, where that may be.
    """

    def __init__(
        self,
        turn: Turn,
        most: int,
        session: Session,
        announce: Announce,
        writing: Callable[[StepName], AbstractContextManager[object]],
    ) -> None:
        self.places: Sequence[Place] = ()
        self.written: list[Booking] = []
        self._turn = turn
        self._most = most
        self._session = session
        self._announce = announce
        self._writing = writing
        self._workload: Any = None

    def read(self) -> Any:
        """Take the line as it stands, and read one state on which all of it can be decided.

        Raises:
            StrategyFault: it was taken before.
        """
        if self.places:
            raise StrategyFault("The strategy read for a batch twice.")
        with self._announce(StepKind.READ, "queue"):
            self.places = self._turn.draw(self._most)
            self._session.verify()  # now that all of them have begun
        requests = [place.booking.request for place in self.places]
        self._workload = self.places[0].booking.workload
        with self._announce(StepKind.READ, "state"):
            return self._workload.read_all(self._session, requests)

    def decide(self, state: Any) -> Changes:
        """Decide one after the other, each on what those before it leave; return what to change.

        What is refused is out of the batch, and its booker told so in the end.
        """
        changes = []
        with self._announce(StepKind.DECIDE, "decide"):
            for place in self.places:
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
        with self._writing(StepName.BOOKINGS):
            ids = self._write([(place.booking.request, change) for place, change in changes])
        for (place, _), booking_id in zip(changes, ids, strict=True):
            place.booking.booking_id = booking_id
            self.written.append(place.booking)

    def _write(self, changes: Sequence[tuple[Any, Any]]) -> Sequence[int]:
        if changes[0][0].action == "book":
            ids: Sequence[int] = self._workload.write_all(self._session, changes)
            return ids
        [(request, change)] = changes  # what moves or cancels a booking is alone
        return [self._workload.write(self._session, request, change)]


def _ending(
    place: Place, failure: BaseException | None, *, stands: bool, alone: bool
) -> BaseException | None:
    """Return what to raise for ``place``; none: it is booked."""
    if stands:  # whatever the writer has come to since
        return None
    if failure is None:
        fault = "The batch was left without a committed write of this booking."
        return place.error or StrategyFault(fault)
    if not isinstance(failure, Exception):
        # The writer is torn out of its work, nobody knows how far it came.
        return CommitUnknown()
    if isinstance(failure, _COMMON):
        # Each thread raises an error of its own: they would write into each other's tracebacks.
        return _another(failure)
    if alone:
        return failure
    return Conflict(
        "Another booking could not be written, and with it nothing of its batch. Try again."
    )


def _another(failure: Exception) -> Exception:
    """Return an error like ``failure``; a plug-in's own kind may be made in other ways."""
    try:
        return type(failure)(*failure.args)
    except Exception:
        common = next(kind for kind in _COMMON if isinstance(failure, kind))
        return common(shown(failure, str)) if issubclass(common, BookingLabError) else common()
