"""Group commit: one booker writes the bookings of several in one transaction; the others wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from booking_lab.core.booking import Booking
from booking_lab.core.group_commit.queue import BookingQueues, Waiter, complete
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
    safe_text,
)

#: Announces a step for as long as the block runs.
Announce = Callable[[StepKind, str], AbstractContextManager[object]]
#: The waiters whose bookings can be written, each with its change.
Changes = Sequence[tuple[Waiter, Any]]

#: Errors of the whole transaction. Any other error belongs to one booking in it.
_OF_TRANSACTION = (Retryable, TimedOut, Unavailable, Superseded, CommitUnknown, StartOver)


class GroupCommitMember:
    """A booker among those of its process that want to book the same things.

    Args:
        booking: the booking that it wants.
        servers: the memory and the clock of the process.
        announce: announces steps.
        alone: whether it may not share a transaction with others.
    """

    def __init__(
        self, booking: Booking, servers: Servers, announce: Announce, *, alone: bool
    ) -> None:
        self._waiter = Waiter(booking, alone=alone)
        self._queues = BookingQueues.of(servers.memory)
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

    def wait(self, seconds: float) -> bool:
        """Wait to be the writer; return false if another writer has booked this one meanwhile.

        Raises:
            LockTimeout: the writers before took longer than ``seconds``.
            BookingLabError: another writer had it in its batch, and could not book it.
        """
        try:
            self._wait(seconds)
        except BaseException:
            self._queues.remove(self._key, self._waiter)
            raise
        finally:
            self._waiter.leave()
        if self._waiter.error:
            raise self._waiter.error
        return self._waiter.is_leader

    def _wait(self, seconds: float) -> None:
        waiter = self._waiter
        deadline = self._clock.now() + seconds
        with self._announce(StepKind.ACQUIRE, "turn"):
            self._queues.enter(self._key, waiter)
        while not (waiter.is_leader or waiter.done):
            waiter.booking.timing.contentions += 1
            left = deadline - self._clock.now()
            if left <= 0 and self._queues.remove(self._key, waiter):
                raise LockTimeout(
                    "The bookings before this one took too long; nothing was booked. Try again."
                )
            with self._announce(StepKind.WAIT, "turn"):
                self._clock.wait(waiter.wakeup, left if left > 0 else seconds)

    def take_batch(self, most: int) -> Sequence[Waiter]:
        """Take this booker and those behind it out of the queue, at most ``most`` in all."""
        return self._queues.take_batch(self._key, most)

    def finish(
        self,
        batch: Sequence[Waiter],
        failure: BaseException | None,
        committed: Sequence[Booking],
    ) -> None:
        """Let the next writer begin, and give each waiter of ``batch`` its result.

        Args:
            batch: the waiters that the writer has taken; empty if it has taken none, not even
                itself.
            failure: the exception that has ended the writer's work; none if it came to its end.
            committed: the bookings that the writer has committed.

        Raises:
            BookingLabError: the writer's own booking could not be booked.
        """
        if not self._queues.remove(self._key, self._waiter):
            self._queues.pass_leadership(self._key)
        ids = {id(booking) for booking in committed}
        try:
            for waiter in batch or [self._waiter]:
                stands = id(waiter.booking) in ids
                waiter.error = _error_for(waiter, failure, stands=stands, alone=len(batch) < 2)
        finally:
            complete(batch[1:])
        # If the writer was interrupted, that exception goes on: its own error doesn't replace it.
        if self._waiter.error and (failure is None or isinstance(failure, Exception)):
            raise self._waiter.error


class Batch:
    """The bookings that a writer books in one transaction: its own and those behind it.

    Args:
        member: the writer.
        most: bookings at most.
        session: the writer's session.
        announce: announces steps.
        writing: announces that bookings are written; checks that this is allowed now.

    Attributes:
        waiters: the bookers of the batch, the writer first; empty until ``read``.
        written: the bookings that were written.
    """

    def __init__(
        self,
        member: GroupCommitMember,
        most: int,
        session: Session,
        announce: Announce,
        writing: Callable[[StepName], AbstractContextManager[object]],
    ) -> None:
        self.waiters: Sequence[Waiter] = ()
        self.written: list[Booking] = []
        self._member = member
        self._most = most
        self._session = session
        self._announce = announce
        self._writing = writing
        self._workload: Any = None

    def read(self) -> Any:
        """Take the batch out of the queue, and read one state on which all of it can be decided.

        Raises:
            StrategyFault: it was called before.
        """
        if self.waiters:
            raise StrategyFault("The strategy read for a batch twice.")
        with self._announce(StepKind.READ, "queue"):
            self.waiters = self._member.take_batch(self._most)
            self._session.verify_with_next()  # now that all of them have begun
        requests = [waiter.booking.request for waiter in self.waiters]
        self._workload = self.waiters[0].booking.workload
        with self._announce(StepKind.READ, "state"):
            return self._workload.read_all(self._session, requests)

    def decide(self, state: Any) -> Changes:
        """Decide one booking after the other, each on the state that those before it leave.

        A refused booking is left out, and its booker gets the refusal at the end.

        Returns:
            The changes to write, each with its waiter.
        """
        changes = []
        with self._announce(StepKind.DECIDE, "decide"):
            for waiter in self.waiters:
                request = waiter.booking.request
                try:
                    change = self._workload.decide(state, request)
                    state = self._workload.apply(state, request, change)
                except Exception as error:  # of any kind: it concerns this booking alone
                    waiter.error = error
                else:
                    changes.append((waiter, change))
        return changes

    def write(self, changes: Changes) -> None:
        """Write all changes and bookings by one statement, without a check of the state."""
        if not changes:
            return
        with self._writing(StepName.BOOKINGS):
            ids = self._write([(waiter.booking.request, change) for waiter, change in changes])
        for (waiter, _), booking_id in zip(changes, ids, strict=True):
            waiter.booking.booking_id = booking_id
            self.written.append(waiter.booking)

    def _write(self, changes: Sequence[tuple[Any, Any]]) -> Sequence[int]:
        if changes[0][0].action == "book":
            ids: Sequence[int] = self._workload.write_all(self._session, changes)
            return ids
        [(request, change)] = changes  # a move or a cancellation is never in a batch with others
        return [self._workload.write(self._session, request, change)]


def _error_for(
    waiter: Waiter, failure: BaseException | None, *, stands: bool, alone: bool
) -> BaseException | None:
    """Return the error to raise for ``waiter``; none if it is booked."""
    if stands:  # whatever has happened to the writer since
        return None
    if failure is None:
        fault = "The batch was left without a committed write of this booking."
        return waiter.error or StrategyFault(fault)
    if not isinstance(failure, Exception):
        # The writer was interrupted; nobody knows how far it came.
        return CommitUnknown()
    if isinstance(failure, _OF_TRANSACTION):
        # Each thread raises an error of its own: they would write into each other's tracebacks.
        return _copy_of(failure)
    if alone:
        return failure
    return Conflict(
        "Another booking could not be written, and with it nothing of its batch. Try again."
    )


def _copy_of(failure: Exception) -> Exception:
    """Return an error like ``failure``; a plug-in's own class may take other arguments."""
    try:
        return type(failure)(*failure.args)
    except Exception:
        common = next(kind for kind in _OF_TRANSACTION if isinstance(failure, kind))
        return common(safe_text(failure, str)) if issubclass(common, BookingLabError) else common()
