"""One try of one booking: the only door to PostgreSQL and Redis that a strategy has."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from booking_lab.core.anchor import Anchor
from booking_lab.core.booking import Booking
from booking_lab.core.lease import Lease, Lock, Servers
from booking_lab.core.step import Observer, Step, StepKind
from booking_lab.core.workload import Record, Session
from booking_lab.errors import Conflict, LockTimeout, StrategyFault, Unavailable

log = logging.getLogger(__name__)

Versions = tuple[int, ...]

#: Longest pause between two looks at a lease that somebody else holds, in seconds.
LEASE_POLL = 0.02


class Attempt:
    """One try. Each primitive below announces itself to the observers as a step.

    Attributes:
        number: which try of the booking this is, from 1.
        anchors: the rows that the booking contends for, sorted.
    """

    def __init__(
        self,
        booking: Booking,
        number: int,
        session: Session,
        servers: Servers,
        observers: Sequence[Observer],
        record: Record,
    ) -> None:
        self.number = number
        self.anchors: Sequence[Anchor] = sorted(booking.workload.anchors(booking.request))
        self._booking = booking
        self._session = session
        self._servers = servers
        self._observers = observers
        self._record = record
        self._written = False
        self.committed = False

    # --- the transaction ---------------------------------------------------------------------

    @contextmanager
    def transaction(self, isolation: str | None = None) -> Iterator[None]:
        """Everything inside is one transaction: committed at the end, undone by any error.

        Args:
            isolation: ``SERIALIZABLE`` or ``REPEATABLE READ``; else PostgreSQL's READ COMMITTED.

        Raises:
            CommitUnknown: the connection was lost while COMMIT was on its way.
        """
        self._session.begin(isolation)
        try:
            yield
        except BaseException:
            with self.step(StepKind.RELEASE, "rollback"):
                self._session.rollback()
            raise
        with self.step(StepKind.COMMIT, "commit"):
            self._session.commit(self._record if self._written else None)
        self.committed = self._written

    def lock_rows(self) -> None:
        """Lock every anchor's row until the transaction ends, waiting for whoever has it."""
        for anchor in self.anchors:
            with self.step(StepKind.ACQUIRE, "row lock"):
                self._session.execute(anchor.lock, anchor.parameters)

    # --- the booking itself ------------------------------------------------------------------

    def read(self) -> Any:
        """Read the state that the decision rests on."""
        with self.step(StepKind.READ, "state"):
            return self._booking.workload.read(self._session, self._booking.request)

    def decide(self, state: Any) -> Any:
        """Decide on the state; return the change to write.

        Raises:
            Refused: the state doesn't allow the booking.
        """
        with self.step(StepKind.DECIDE, "decide"):
            return self._booking.workload.decide(state, self._booking.request)

    def write(self, change: Any) -> None:
        """Write the change and the booking's row, whatever the state is by now."""
        with self.step(StepKind.WRITE, "booking"):
            self._booking.booking_id = self._booking.workload.write(
                self._session, self._booking.request, change
            )
        self._written = True

    # --- compare-and-set ---------------------------------------------------------------------

    def versions(self) -> Versions:
        """Read every anchor's version. Call it before ``read``, never after.

        Read afterwards, a version could belong to a state newer than the one decided on, and the
        comparison would let a double booking through.
        """
        return tuple(self._version(anchor) for anchor in self.anchors)

    def bump(self, seen: Versions) -> None:
        """Move every anchor's version on, if it is still the one seen.

        Raises:
            Conflict: a version has moved.
        """
        for anchor, version in zip(self.anchors, seen, strict=True):
            with self.step(StepKind.WRITE, "version"):
                moved = self._session.execute(
                    anchor.bump_version + " RETURNING 1", {**anchor.parameters, "seen": version}
                )
            if not moved:
                raise Conflict

    def _version(self, anchor: Anchor) -> int:
        with self.step(StepKind.READ, "version"):
            rows = self._session.execute(anchor.read_version, anchor.parameters)
        # A row that isn't there has no version; ``read`` will say what is missing.
        return int(rows[0][0]) if rows else 0

    # --- locks outside PostgreSQL --------------------------------------------------------------

    @contextmanager
    def holding(self, lock: Lock, wait: float) -> Iterator[None]:
        """Hold ``lock`` on every anchor; wrap it around the transaction, so that it outlives it.

        A lease given back before COMMIT would let the next booker read what isn't committed yet.

        Args:
            lock: the kind of lock.
            wait: seconds to wait for all of them at most.

        Raises:
            LockTimeout: somebody else held one all that time.
        """
        deadline = time.monotonic() + wait
        with ExitStack() as held:
            for anchor in self.anchors:
                lease = lock.lease(anchor, self._servers)
                self._acquire(lease, anchor, deadline)
                held.callback(self._release, lease, anchor)
            yield

    def _acquire(self, lease: Lease, anchor: Anchor, deadline: float) -> None:
        while True:
            with self.step(StepKind.ACQUIRE, "lease"):
                if lease.try_acquire():
                    return
            self._booking.timing.contended += 1
            left = deadline - time.monotonic()
            if left <= 0:
                raise LockTimeout(
                    f"Somebody else held the lock on {anchor.name} all the time; nothing was "
                    f"booked. Try again."
                )
            self.pause(min(left, random.uniform(LEASE_POLL / 4, LEASE_POLL)), "lease")

    def _release(self, lease: Lease, anchor: Anchor) -> None:
        # Whatever happened to the booking is settled by now; a lock that cannot be given back
        # expires by itself and must not turn a confirmed booking into an error.
        try:
            with self.step(StepKind.RELEASE, "lease"):
                if not lease.release():
                    raise Unavailable("It had expired: somebody else may have booked meanwhile.")
        except Unavailable as error:
            log.warning(
                "the lock on %s was not released: %s",
                anchor.name,
                error,
                extra={"trace_id": self._booking.trace_id},
            )

    # --- announcing ----------------------------------------------------------------------------

    def pause(self, seconds: float, why: str) -> None:
        """Wait, as a step of its own."""
        with self.step(StepKind.WAIT, why):
            time.sleep(seconds)

    @contextmanager
    def step(self, kind: StepKind, detail: str) -> Iterator[None]:
        """Announce a step to every observer for as long as the block runs."""
        step = Step(kind, detail, self._booking, self.number, self._session.process_id)
        with ExitStack() as watching:
            for observer in self._observers:
                watching.enter_context(observer.step(step))
            yield

    def finish(self) -> None:
        """Hold the strategy to its word once ``book`` has returned.

        Raises:
            StrategyFault: nothing was written, or it was never committed.
        """
        if not self.committed:
            raise StrategyFault(
                f"Strategy {self._booking.strategy.name} returned without a committed write; "
                f"write inside attempt.transaction()."
            )
