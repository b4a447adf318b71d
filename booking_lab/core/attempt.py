"""One try of a booking: a strategy reaches PostgreSQL and Redis by its primitives alone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

from booking_lab.core.anchor import Anchor
from booking_lab.core.booking import Booking
from booking_lab.core.capability import Capability
from booking_lab.core.counters import Counters, Reservation
from booking_lab.core.group_commit.batch import Batch, GroupCommitMember
from booking_lab.core.held_leases import HeldLeases
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
    LockTimeout,
    NotHeld,
    StrategyFault,
    Violated,
    safe_text,
)

log = logging.getLogger(__name__)

Versions = tuple[int, ...]

#: The unique key of the ledger that lets only one change of a booking rest on an attempt.
_RESTS_ON_KEY = "attempts_rest_on"

_LOCK_KEY = Statement("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))")
_NEXT_TOKEN = Statement("SELECT nextval('fencing_tokens')")


class Attempt:
    """One try of a booking. Each primitive announces itself to the observers as a step.

    An attempt belongs to the thread that books, and ends when ``book`` returns. In another thread,
    or after that, each primitive raises ``StrategyFault``.

    Attributes:
        number: the number of the try, from 1.
        committed: whether the booking is committed.
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
        self._thread = threading.get_ident()
        self._in_transaction = self._unknown = self._closed = False
        self.committed = False
        self._committed_bookings: Sequence[Booking] = ()
        self._leases = HeldLeases(booking, servers.clock)

    @property
    def request(self) -> Request:
        """The customer's request."""
        return self._booking.request

    @property
    def anchors(self) -> Sequence[Anchor]:
        """The rows that the booking contends for, in the order that all bookings share."""
        return sorted(self._booking.workload.anchors(self._booking.request))

    # --- the transaction ---------------------------------------------------------------------

    @contextmanager
    def transaction(self, isolation: str | None = None) -> Iterator[None]:
        """Run the block as one transaction: committed at its end, rolled back after any error.

        Args:
            isolation: ``SERIALIZABLE`` or ``REPEATABLE READ``; the default is READ COMMITTED.

        Raises:
            CommitUnknown: the connection was lost while COMMIT was on its way.
            NotHeld: the booking to move or cancel was changed since it was looked up.
            StrategyFault: the block is inside of another transaction, or comes after the commit.
        """
        self._check_usable()
        if self._in_transaction:
            raise self._fault("opened a transaction inside of another one")
        if self.committed or self._committed_bookings or self._unknown:
            raise self._fault("opened another transaction after it had committed its booking")
        waits = not self._session.process_id  # it has to wait for a connection first
        self._session.begin(isolation)
        self._in_transaction = True
        try:
            if waits:
                self._leases.check()
            yield
        except BaseException:
            if self._closed:  # another booking may have the connection by now
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
        # In a batch, the writer's own booking may be refused while others are committed.
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
            wait: whether to wait for other bookings that have locked a row.
            in_order: whether to lock in the order that all bookings share. In the request's own
                order, two bookings can wait for each other.

        Raises:
            Busy: another booking has locked a row, and ``wait`` is false.
            LockTimeout: another booking kept a row locked for too long.
            DeadlockDetected: bookings waited for each other.
        """
        anchors = self.anchors
        if not in_order:
            anchors = self._booking.workload.anchors(self._booking.request)
        for anchor in anchors:
            try:
                lock = anchor.lock if wait else anchor.lock_nowait
                self._statement(StepKind.ACQUIRE, StepName.ROW_LOCK, lock, anchor.parameters)
                self._leases.check()
            except LockTimeout:
                if wait:
                    raise
                raise Busy from None

    def lock_advisory(self) -> None:
        """Take an advisory lock for every anchor until the transaction ends, and wait for each."""
        for anchor in self.anchors:
            self._statement(
                StepKind.ACQUIRE,
                "advisory lock",
                _LOCK_KEY,
                {"name": anchor.name},
            )
            self._leases.check()

    def choose(self) -> None:
        """Lock the best free things, and pass over things that others have locked.

        From then on, the request names the chosen things. Needs the capability ``CHOICE``.

        Raises:
            Refused: not enough is left.
            Busy: other bookings have locked all that is left.
        """
        with self.step(StepKind.ACQUIRE, "best available"):
            chosen = self._workload_with(Capability.CHOICE).choose(
                self._session, self._booking.request
            )
            self._booking.set_request(chosen)
        self._leases.check()

    # --- the booking itself ------------------------------------------------------------------

    def read(self) -> Any:
        """Read the state for the decision."""
        with self.step(StepKind.READ, "state"):
            return self._booking.workload.read(self._session, self._booking.request)

    def decide(self, state: Any) -> Any:
        """Decide on ``state``; return the change to write.

        Raises:
            Refused: the state doesn't allow the booking.
        """
        with self.step(StepKind.DECIDE, "decide"):
            return self._booking.workload.decide(state, self._booking.request)

    def write(self, change: Any) -> None:
        """Write the change and the booking's row, without a check of the state."""
        with self._writing(StepName.BOOKING):
            self._booking.booking_id = self._booking.workload.write(
                self._session, self._booking.request, change
            )
        self._written.append(self._booking)

    def write_if(self) -> None:
        """Check and write in one statement; needs the capability ``CONDITIONAL_WRITE``.

        Raises:
            Refused: the state doesn't allow the booking.
        """
        with self._writing(StepName.BOOKING_IF_FREE):
            self._booking.booking_id = self._workload_with(Capability.CONDITIONAL_WRITE).write_if(
                self._session, self._booking.request
            )
        self._written.append(self._booking)

    def claim(self, change: Any) -> None:
        """Write the change as guarded, so that a constraint of the database can refuse it.

        Needs the capability ``CONSTRAINT``.

        Raises:
            Refused: the constraint refused it.
        """
        with self._writing(StepName.GUARDED_BOOKING):
            self._booking.booking_id = self._workload_with(Capability.CONSTRAINT).claim(
                self._session, self._booking.request, change
            )
        self._written.append(self._booking)

    # --- compare-and-set ---------------------------------------------------------------------

    def versions(self) -> Versions:
        """Read the version of every anchor. Call it before ``read``, never after it.

        A version that is read later can belong to a newer state than the state of the decision, and
        then the comparison misses a double booking.
        """
        return tuple(self._version(anchor) for anchor in self.anchors)

    def bump(self, seen: Versions) -> None:
        """Raise the version of every anchor, if it is still the version in ``seen``.

        Raises:
            Conflict: another booking has raised a version.
        """
        for anchor, version in zip(self.anchors, seen, strict=True):
            raised = self._statement(
                StepKind.WRITE,
                "version",
                anchor.bump_version_returning,
                {**anchor.parameters, "seen": version},
            )
            if not raised:
                raise Conflict

    def _version(self, anchor: Anchor) -> int:
        read = anchor.read_version
        rows = self._statement(StepKind.READ, "version", read, anchor.parameters)
        # A row that does not exist has no version; ``read`` raises the error for it.
        return int(rows[0][0]) if rows else 0

    # --- fencing -----------------------------------------------------------------------------

    def token(self) -> int:
        """Return a new fencing token, higher than all before; call it while the lock is held.

        Tokens come from a sequence of PostgreSQL. A counter in Redis would start again after a loss
        of its memory.
        """
        rows = self._statement(StepKind.READ, "token", _NEXT_TOKEN)
        return int(rows[0][0])

    def fence(self, token: int) -> None:
        """Register ``token`` at every anchor; call it before the anchors are read.

        Raises:
            FencedOff: a higher token is registered, so the lock has had a newer holder.
        """
        for anchor in self.anchors:
            parameters = {**anchor.parameters, "token": token}
            [(highest, known)] = self._statement(
                StepKind.WRITE, StepName.FENCE, anchor.register_token, parameters
            )
            # A row that does not exist has no fence; ``read`` raises the error for it.
            if not highest and known is not None:
                raise FencedOff

    # --- locks outside PostgreSQL --------------------------------------------------------------

    @contextmanager
    def holding(self, lock: Lock, wait: float) -> Iterator[None]:
        """Hold ``lock`` on every anchor during the block, which has to contain the transaction.

        A lease that is released before COMMIT lets the next booker read the old state. While the
        attempt waits for leases, it holds no database connection, unless a transaction is open.
        When it holds all leases, it takes a connection, and checks that no lease can have ended.

        Args:
            lock: the kind of lock.
            wait: seconds to wait for all leases together.

        Raises:
            LockTimeout: another booking held a lease all that time.
            LeaseEnded: a lease may have ended during the wait for the next one or a connection.
            PoolTimeout: no connection came free in time.
        """
        self._session.verify_now()
        self._release_connection()
        deadline = self._servers.clock.now() + wait
        with ExitStack() as held:
            for anchor in self.anchors:
                lease = lock.lease(anchor, self._servers)
                announce = self._announcing(StepKind.ACQUIRE, StepName.LEASE)
                self._leases.acquire(lease, anchor, deadline, announce, self.pause)
                held.callback(self._release, lease)
                self._leases.check(but_last=True)
            if not self._session.process_id:
                self._session.acquire_connection()
                self._leases.check()
            yield

    def _release(self, lease: Lease) -> None:
        announce = self._announcing(StepKind.RELEASE, StepName.LEASE)
        self._leases.release(lease, announce, self._release_connection)

    # --- counters outside PostgreSQL -----------------------------------------------------------

    @contextmanager
    def reserved(self, counters: Counters) -> Iterator[None]:
        """Take the booking's units from ``counters``; the block has to contain the transaction.

        If the booking is not committed, the units go back to the counters. If nobody knows whether
        it is committed, the counters stay as they are until the lab repairs them. Needs the
        capability ``COUNTS``.

        Raises:
            SoldOut: not enough is left.
            NotFound: the request names something that does not exist.
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
        """Take the units. A counter that is missing gets its value from PostgreSQL."""
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
                self.read()  # raises NotFound if an anchor does not exist

    def _finish_reservation(self, what: str, finish: Callable[[Announce], None]) -> None:
        """Report the result to the counters; a failure is logged, and is no error."""
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

    # --- group commit --------------------------------------------------------------------------

    @contextmanager
    def queued(self, most: int, wait: float) -> Iterator[Batch | None]:
        """Wait in a queue with the bookers of this process that contend for the same anchors.

        The first booker in a queue without a writer becomes the writer. When it reads, it takes the
        bookers behind it into its batch, and books for all of them. At the end of the block, each
        of them gets its result, and has nothing left to do. Needs the capability ``BATCH``.

        Args:
            most: bookings of a batch at most.
            wait: seconds to wait for the writers before.

        Yields:
            The batch, if this booker is the writer; none if another writer has booked for it.

        Raises:
            LockTimeout: the writers before took longer.
            Refused: the writer could not book this one.
            Retryable: the writer's transaction failed; the next try is in a batch of its own.
        """
        self._workload_with(Capability.BATCH)
        # Moves and cancellations can't be in a batch, and a booking that failed in one is alone.
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
            self._leases.check()
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
        """Wait some seconds, as a step; without a connection unless a lease or transaction is open.

        Args:
            seconds: the length of the pause.
            why: the text of the step.
        """
        if not self._leases:  # under a lease, a wait for a new connection would cost its time
            self._release_connection()
        with self.step(StepKind.WAIT, why):
            self._servers.clock.sleep(seconds)

    def _release_connection(self) -> None:
        """Give the connection back before a wait, unless a transaction is open."""
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
            kind: the kind of the step.
            what: a short text of the step for readers.
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
        """Announce a step to every observer for as long as the block runs.

        Args:
            kind: the kind of the step.
            detail: a short text for readers.
            name: the name, if observers or the explorer treat the step in a special way.
        """
        self._check_usable()
        if type(kind) is not StepKind:  # a strategy's own text; observers know the enum alone
            kind = StepKind(kind)
        if type(detail) is StepName:
            name = detail
        step = Step(kind, detail, self._booking, self.number, self._session.process_id, name)
        return watch_step(self._observers, step)

    def _announcing(self, kind: StepKind, name: StepName) -> Announce:
        """Return the function that announces the messages of a lock or a counter."""
        return partial(self.step, kind, name=name)

    def _writing(self, name: StepName) -> AbstractContextManager[object]:
        """Announce the write of the booking; allowed once in a try, inside of its transaction."""
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
        """Check, after ``book`` has returned, that the booking is committed.

        Raises:
            CommitUnknown: it is not known whether the booking is committed.
            StrategyFault: the strategy has written nothing, or not committed it.
        """
        self.check_outcome_known()
        if not self.committed:
            raise self._fault(
                "returned without a committed write; write inside attempt.transaction()"
            )

    def check_outcome_known(self) -> None:
        """Check that the result of COMMIT is known, even if the strategy has caught the error.

        Raises:
            CommitUnknown: it is not known.
        """
        if self._unknown:
            raise CommitUnknown

    def close(self) -> None:
        """End this try: roll back and release what the strategy has left open."""
        if self._in_transaction:
            self._in_transaction = False
            self._session.rollback()
        for lease in self._leases.last_first:
            self._release(lease)
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
