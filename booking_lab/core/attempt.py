"""One try of one booking: the only door to PostgreSQL and Redis that a strategy has."""

from __future__ import annotations

import logging
import math
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any, NamedTuple

from booking_lab.core.anchor import Anchor
from booking_lab.core.booking import Booking
from booking_lab.core.capability import Capability
from booking_lab.core.counters import Counters, Reservation
from booking_lab.core.group_commit.batch import Batch, GroupCommitMember
from booking_lab.core.lease import Announce, Lease, Lock, Servers
from booking_lab.core.observer import Observer, Step, watch_step
from booking_lab.core.statement import Statement
from booking_lab.core.step import StepKind, StepName
from booking_lab.core.workload import Record, Request, Row, Session
from booking_lab.errors import (
    BookerInterrupted,
    Busy,
    CommitUnknown,
    Conflict,
    FencedOff,
    LeaseEnded,
    LockTimeout,
    NotHeld,
    StrategyFault,
    Unavailable,
    Violated,
    safe_text,
)

log = logging.getLogger(__name__)

Versions = tuple[int, ...]

#: Of two changes of a booking that rest on the same, the ledger takes the first.
_RESTS_ON_KEY = "attempts_rest_on"

_LOCK_KEY = Statement("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))")
_NEXT_TOKEN = Statement("SELECT nextval('fencing_tokens')")

#: Longest pause between two looks at a lease that somebody else holds, in seconds.
LEASE_POLL = 0.02


class _HeldLease(NamedTuple):
    """A lease that is held, and until when at least, on the lab's clock."""

    lease: Lease
    anchor: Anchor
    until: float


class Attempt:
    """One try. Each primitive below announces itself to the observers as a step.

    Attributes:
        number: which try of the booking this is, from 1.
        committed: whether the booking was committed.

    It belongs to the thread that books, and ends with ``book``. Each primitive raises
    ``StrategyFault`` for anybody else, and later.
    """

    def __init__(
        self,
        booking: Booking,
        number: int,
        session: Session,
        servers: Servers,
        observers: Sequence[Observer],
        record: Callable[[Sequence[Booking]], Record],
    ) -> None:
        self.number = number
        self._booking = booking
        self._session = session
        self._servers = servers
        self._observers = observers
        self._record = record
        self._written: list[Booking] = []
        self._held: list[_HeldLease] = []
        self._thread = threading.get_ident()
        self._in_transaction = self._unknown = self._closed = False
        self.committed = False
        self._committed_bookings: Sequence[Booking] = ()

    @property
    def request(self) -> Request:
        """What is asked for, and by whom."""
        return self._booking.request

    @property
    def anchors(self) -> Sequence[Anchor]:
        """The rows that the booking contends for, sorted."""
        return sorted(self._booking.workload.anchors(self._booking.request))

    # --- the transaction ---------------------------------------------------------------------

    @contextmanager
    def transaction(self, isolation: str | None = None) -> Iterator[None]:
        """Everything inside is one transaction: committed at the end, undone by any error.

        Args:
            isolation: ``SERIALIZABLE`` or ``REPEATABLE READ``; else PostgreSQL's READ COMMITTED.

        Raises:
            CommitUnknown: the connection was lost while COMMIT was on its way.
            NotHeld: the booking that this moves or cancels was changed since it was looked up.
            StrategyFault: it is inside of another one, or the booking was committed before.
        """
        self._check_usable()
        if self._in_transaction:
            raise self._fault("opened a transaction inside of another one")
        if self.committed or self._committed_bookings or self._unknown:
            raise self._fault("opened another transaction after it had committed its booking")
        waits = not self._session.process_id  # it has to take a connection first
        self._session.begin(isolation)
        self._in_transaction = True
        try:
            if waits:
                self._check_leases(self._held)
            yield
        except BaseException:
            if self._closed:  # by then, the connection is another booking's
                raise
            self._in_transaction = False
            self._written.clear()
            with self.step(StepKind.RELEASE, StepName.ROLLBACK):
                self._session.rollback()
            raise
        self._check_usable()
        self._in_transaction = False
        self._commit()

    def _commit(self) -> None:
        sent = False
        try:
            with self.step(StepKind.COMMIT, "commit"):
                sent = True
                self._send_commit()
        except CommitUnknown:
            self._unknown = True
            raise
        except Exception:
            if not sent:
                self._session.rollback()
            self._written.clear()
            raise
        # Of a batch, the writer's own booking may be refused and those of others stand.
        self._committed_bookings = tuple(self._written)
        self.committed = any(one is self._booking for one in self._committed_bookings)

    def _send_commit(self) -> None:
        try:
            self._session.commit(self._record(self._written) if self._written else None)
        except Violated as error:
            if error.constraint != _RESTS_ON_KEY:
                raise
            raise NotHeld from error

    def lock_rows(self, *, wait: bool = True, in_order: bool = True) -> None:
        """Lock every anchor's row until the transaction ends.

        Args:
            wait: wait for whoever has it; otherwise give up at once.
            in_order: in the one order that all bookings share. Otherwise in the request's own
                order, and two bookings can wait for each other.

        Raises:
            Busy: somebody has a row, and this was not to wait.
            LockTimeout: somebody had it all the time.
            DeadlockDetected: two waited for each other.
        """
        anchors = self.anchors
        if not in_order:
            anchors = self._booking.workload.anchors(self._booking.request)
        for anchor in anchors:
            try:
                lock = anchor.lock if wait else anchor.lock_nowait
                self._statement(StepKind.ACQUIRE, StepName.ROW_LOCK, lock, anchor.parameters)
                self._check_leases(self._held)
            except LockTimeout:
                if wait:
                    raise
                raise Busy from None

    def lock_advisory(self) -> None:
        """Take an advisory lock for every anchor until the transaction ends, waiting for it."""
        for anchor in self.anchors:
            self._statement(
                StepKind.ACQUIRE,
                "advisory lock",
                _LOCK_KEY,
                {"name": anchor.name},
            )
            self._check_leases(self._held)

    def choose(self) -> None:
        """Lock the best that is free, passing over what others have locked; needs ``CHOICE``.

        From then on the booking is about what was chosen.

        Raises:
            Refused: nothing is left.
            Busy: what is left is locked by others.
        """
        with self.step(StepKind.ACQUIRE, "best available"):
            chosen = self._workload_with(Capability.CHOICE).choose(
                self._session, self._booking.request
            )
            self._booking.set_request(chosen)
        self._check_leases(self._held)

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
        with self._writing(StepName.BOOKING):
            self._booking.booking_id = self._booking.workload.write(
                self._session, self._booking.request, change
            )
        self._written.append(self._booking)

    def write_if(self) -> None:
        """Check and write in one statement; needs ``CONDITIONAL_WRITE``.

        Raises:
            Refused: the state doesn't allow the booking.
        """
        with self._writing(StepName.BOOKING_IF_FREE):
            self._booking.booking_id = self._workload_with(Capability.CONDITIONAL_WRITE).write_if(
                self._session, self._booking.request
            )
        self._written.append(self._booking)

    def claim(self, change: Any) -> None:
        """Write so that a constraint of the database can refuse; needs ``CONSTRAINT``.

        Raises:
            Refused: it did.
        """
        with self._writing(StepName.GUARDED_BOOKING):
            self._booking.booking_id = self._workload_with(Capability.CONSTRAINT).claim(
                self._session, self._booking.request, change
            )
        self._written.append(self._booking)

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
            moved = self._statement(
                StepKind.WRITE,
                "version",
                anchor.bump_version_returning,
                {**anchor.parameters, "seen": version},
            )
            if not moved:
                raise Conflict

    def _version(self, anchor: Anchor) -> int:
        read = anchor.read_version
        rows = self._statement(StepKind.READ, "version", read, anchor.parameters)
        # A row that isn't there has no version; ``read`` will say what is missing.
        return int(rows[0][0]) if rows else 0

    # --- fencing -----------------------------------------------------------------------------

    def token(self) -> int:
        """Draw a fencing token, higher than all before; draw it while holding the lock.

        From a sequence of PostgreSQL: a counter in Redis would begin again after a loss of memory.
        """
        rows = self._statement(StepKind.READ, "token", _NEXT_TOKEN)
        return int(rows[0][0])

    def fence(self, token: int) -> None:
        """Register ``token`` at every anchor, before anything is read there.

        Raises:
            FencedOff: a higher one was here, so the lock has had a newer holder.
        """
        for anchor in self.anchors:
            move = anchor.register_token
            [(highest, known)] = self._statement(
                StepKind.WRITE, StepName.FENCE, move, {**anchor.parameters, "token": token}
            )
            # A row that isn't there has no fence; ``read`` will say what is missing.
            if not highest and known is not None:
                raise FencedOff

    # --- locks outside PostgreSQL --------------------------------------------------------------

    @contextmanager
    def holding(self, lock: Lock, wait: float) -> Iterator[None]:
        """Hold ``lock`` on every anchor; wrap it around the transaction, so that it outlives it.

        A lease given back before COMMIT would let the next booker read what isn't committed yet.
        No connection is held while the lock is asked for and waited for, unless a transaction is
        open. Once all are held there is one again; should that take too long, it is noticed.

        Args:
            lock: the kind of lock.
            wait: seconds to wait for all of them at most.

        Raises:
            LockTimeout: somebody else held one all that time.
            LeaseEnded: one may have ended while the next, or a connection, was waited for.
            PoolTimeout: no connection came free in time.
        """
        self._session.verify_now()
        self._release_connection()
        deadline = self._servers.clock.now() + wait
        with ExitStack() as held:
            for anchor in self.anchors:
                lease = lock.lease(anchor, self._servers)
                self._acquire(lease, anchor, deadline)
                held.callback(self._release, lease, anchor)
                self._check_leases(self._held[:-1])
            if not self._session.process_id:
                self._session.acquire_connection()
                self._check_leases(self._held)
            yield

    def _acquire(self, lease: Lease, anchor: Anchor, deadline: float) -> None:
        """Take ``lease``, waiting until ``deadline`` on the lab's clock."""
        asked = self._servers.clock.now()
        while not lease.try_acquire(self._announcing(StepKind.ACQUIRE, StepName.LEASE)):
            self._booking.timing.contended += 1
            left = deadline - self._servers.clock.now()
            if left <= 0:
                raise LockTimeout(
                    f"Somebody else held the lock on {anchor.name} all the time; nothing was "
                    f"booked. Try again."
                )
            self.pause(min(left, random.uniform(LEASE_POLL / 4, LEASE_POLL)), StepName.LEASE)
            asked = self._servers.clock.now()
        self._booking.leases.append(lease)
        # Its time runs from before it was asked for: nobody knows when the server took it down.
        self._held.append(_HeldLease(lease, anchor, asked + getattr(lease, "lasts", math.inf)))

    def _check_leases(self, held: Sequence[_HeldLease]) -> None:
        """Check that none of ``held`` can have ended while something else was waited for.

        By the lab's own clock, and never after the strategy has begun to work: a lease that ends
        under work is what its kind has to live with.
        """
        now = self._servers.clock.now()
        for one in held:
            if now > one.until:
                raise LeaseEnded(
                    f"The lock on {one.anchor.name} may have ended while this waited for another "
                    f"one; nothing was booked. Try again."
                )

    def _release(self, lease: Lease, anchor: Anchor) -> None:
        """Give ``lease`` back; that it can't be given back is logged and no error."""
        mine = [one for one in self._held if one.lease is lease]
        if not mine:
            return  # this try is over, and has given it back already
        # Whatever happened to the booking is settled by now; a lock that cannot be given back
        # expires by itself and must not turn a confirmed booking into an error.
        self._held.remove(mine[0])
        self._booking.leases.remove(lease)
        self._release_connection()
        try:
            if not lease.release(self._announcing(StepKind.RELEASE, StepName.LEASE)):
                raise Unavailable("It had expired: somebody else may have booked meanwhile.")
        except BookerInterrupted:
            raise
        except BaseException as error:  # the lock may be a plug-in's
            self._booking.timing.lost_leases += 1
            log.warning(
                "the lock on %s was not released: %s",
                anchor.name,
                safe_text(error, str),
                extra={"trace_id": self._booking.trace_id},
            )

    # --- counters outside PostgreSQL -----------------------------------------------------------

    @contextmanager
    def reserved(self, counters: Counters) -> Iterator[None]:
        """Take what the booking needs from ``counters``; wrap it around the transaction.

        Whatever keeps the booking from being committed gives it back; only if nobody knows whether
        it was, the counters stay as they are until they are repaired. Needs ``COUNTS``.

        Raises:
            SoldOut: not enough is left.
            NotFound: the request names something that isn't there.
            Unavailable: the counters don't answer.
        """
        units = self._workload_with(Capability.COUNTS).units(self._booking.request)
        self._session.verify_now()
        self._release_connection()
        reservation = counters.reservation(self._booking, units, self._servers)
        self._reserve(reservation)
        try:
            yield
        except CommitUnknown:
            raise
        except BaseException:
            self._finish_reservation("was not given back", reservation.give_back)
            raise
        if self.committed:
            self._finish_reservation("was not confirmed", reservation.confirm)
        else:
            self._finish_reservation("was not given back", reservation.give_back)

    def _reserve(self, reservation: Reservation) -> None:
        """Take it; counters that aren't there are filled from what PostgreSQL says."""
        filled: dict[Anchor, int] = {}
        while missing := reservation.take(
            filled, self._announcing(StepKind.ACQUIRE, StepName.RESERVATION)
        ):
            for anchor in missing:
                with self.step(StepKind.READ, "left"):
                    filled[anchor] = self._workload_with(Capability.COUNTS).left(
                        self._session, anchor
                    )
            if not all(filled.values()):
                self.read()  # nothing left, or nothing there: this says so

    def _finish_reservation(self, what: str, finish: Callable[[Announce], None]) -> None:
        """Tell the counters how it ended; that they don't hear it is logged and no error."""
        self._release_connection()
        try:
            finish(self._announcing(StepKind.RELEASE, StepName.RESERVATION))
        except BookerInterrupted:
            raise
        except BaseException as error:  # the counters may be a plug-in's
            log.warning(
                "a reservation %s, and will be repaired: %s",
                what,
                safe_text(error, str),
                extra={"trace_id": self._booking.trace_id},
            )

    # --- in company ----------------------------------------------------------------------------

    @contextmanager
    def queued(self, most: int, wait: float) -> Iterator[Batch | None]:
        """Stand in line with those of this process who want the same; one of them books for all.

        Whoever is first when nobody writes is the writer. When it reads, it takes those behind it
        into its batch, and at the end of the block each of them is told what became of it. For
        these, there is nothing left to do then. Needs ``BATCH``.

        Args:
            most: bookings of a batch at most.
            wait: seconds to wait for the writers before.

        Yields:
            The batch for the writer; none if another writer has booked this.

        Raises:
            LockTimeout: those before took longer.
            Refused: the writer could not book this one.
            Retryable: its transaction failed; the next try is in a batch of its own.
        """
        self._workload_with(Capability.BATCH)
        # A move or a cancellation is no new booking, and who failed in company does without.
        alone = self._booking.request.action != "book" or self.number > 1
        member = GroupCommitMember(self._booking, self._servers, self.step, alone=alone)
        self._release_connection()
        try:
            is_writer = member.wait(wait)
        except CommitUnknown:
            self._unknown = True
            raise
        if not is_writer:
            self.committed = True
            yield None
            return
        batch = Batch(member, most, self._session, self.step, self._writing)
        self._written = batch.written
        failure: BaseException | None = None
        try:
            self._check_leases(self._held)
            yield batch
        except BaseException as error:
            failure = error
            raise
        finally:
            if batch.waiters:
                self._booking.timing.batches.append(len(batch.waiters))
            member.finish(batch.waiters, failure, self._committed_bookings)

    # --- announcing ----------------------------------------------------------------------------

    def pause(self, seconds: float, why: str) -> None:
        """Wait, as a step of its own; without a connection, if there is nothing to keep it for."""
        if not self._held:  # else it is work under a lease, which a wait would use up
            self._release_connection()
        with self.step(StepKind.WAIT, why):
            self._servers.clock.sleep(seconds)

    def _release_connection(self) -> None:
        """Hold no connection while something else is waited for, unless a transaction is open."""
        if self._is_usable and not self._in_transaction:
            self._session.release_connection()

    def statement(
        self,
        kind: StepKind,
        what: str,
        statement: str,
        parameters: Mapping[str, object] | None = None,
    ) -> list[Row]:
        """Run one statement of the strategy's own, as a step; return its rows.

        Args:
            kind: what it is for.
            what: what it does, in a word or two.
            statement: the SQL, with ``%(name)s`` for parameters.
            parameters: their values.
        """
        self._session.mark_altered()
        if self._in_transaction and self._written:
            self._session.require_same_transaction()
        return self._statement(kind, what, statement, parameters)

    def _statement(
        self,
        kind: StepKind,
        what: str,
        statement: str,
        parameters: Mapping[str, object] | None = None,
    ) -> list[Row]:
        with self.step(kind, what):
            return self._session.execute(statement, parameters)

    def step(
        self, kind: StepKind, detail: str, name: StepName | None = None
    ) -> AbstractContextManager[object]:
        """Announce a step to every observer for as long as the block runs."""
        self._check_usable()
        if type(kind) is not StepKind:  # a strategy's own step; nobody who watches knows others
            kind = StepKind(kind)
        if type(detail) is StepName:
            name = detail
        step = Step(kind, detail, self._booking, self.number, self._session.process_id, name)
        return watch_step(self._observers, step)

    def _announcing(self, kind: StepKind, name: StepName) -> Announce:
        """What announces the steps of a lock or a counter, each in its own words."""
        return partial(self.step, kind, name=name)

    def _writing(self, name: StepName) -> AbstractContextManager[object]:
        """Announce that the booking is written; once a try, and in its transaction."""
        self._check_usable()
        if not self._in_transaction:
            raise self._fault("wrote outside of attempt.transaction()")
        if self._written:
            raise self._fault("wrote its booking twice")
        return self.step(StepKind.WRITE, name)

    def _workload_with(self, capability: Capability) -> Any:
        if capability not in self._booking.strategy.needs:
            raise self._fault(f"uses {capability.name} without declaring that it needs it")
        return self._booking.workload

    # --- its end -------------------------------------------------------------------------------

    def check_committed(self) -> None:
        """Hold the strategy to its word once ``book`` has returned.

        Raises:
            CommitUnknown: it was lost whether the booking was committed.
            StrategyFault: nothing was written, or it was never committed.
        """
        self.check_outcome_known()
        if not self.committed:
            raise self._fault(
                "returned without a committed write; write inside attempt.transaction()"
            )

    def check_outcome_known(self) -> None:
        """Check that it is known whether the booking was committed, whatever the strategy says.

        Raises:
            CommitUnknown: it isn't.
        """
        if self._unknown:
            raise CommitUnknown

    def close(self) -> None:
        """End this try: undo and give back what its strategy has left, and do nothing more."""
        if self._in_transaction:
            self._in_transaction = False
            self._session.rollback()
        for one in reversed(self._held[:]):
            self._release(one.lease, one.anchor)
        self._closed = True

    @property
    def _is_usable(self) -> bool:
        return not self._closed and self._thread == threading.get_ident()

    def _check_usable(self) -> None:
        if self._closed:
            raise self._fault("went on with an attempt whose book() had returned")
        if self._thread != threading.get_ident():
            raise self._fault("used an attempt in another thread than that of its book()")

    def _fault(self, what: str) -> StrategyFault:
        return StrategyFault(f"Strategy {self._booking.strategy.name} {what}.")
