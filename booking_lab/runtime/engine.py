"""The engine: runs the tries of a booking, and turns every result into an outcome."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from booking_lab.core.attempt import Attempt
from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.capability import Capability, can_book, check_can_book, why_unsuitable
from booking_lab.core.lease import Servers
from booking_lab.core.observer import Observer, watch_booking
from booking_lab.core.step import StepName
from booking_lab.core.strategy import Strategy
from booking_lab.core.workload import Bookable, Request, Session
from booking_lab.db.ledger import ConfirmedRows, Ledger, outcome_of_lost_commit
from booking_lab.db.pool import ConnectionSource
from booking_lab.errors import (
    BookerInterrupted,
    BookingLabError,
    CommitUnknown,
    DatabaseUnavailable,
    NotFound,
    PoolTimeout,
    Retryable,
    StartOver,
    StrategyFault,
    TimedOut,
    Unavailable,
    Unsuitable,
    safe_text,
)
from booking_lab.observers.stopwatch import Stopwatch
from booking_lab.plugins import is_shipped
from booking_lab.runtime import in_flight, selection
from booking_lab.runtime.session_provider import DeferredSession, SessionProvider
from booking_lab.runtime.strategy_registry import Registry, StrategyInfo

log = logging.getLogger(__name__)

#: Seconds to find out the result of a COMMIT whose answer was lost. PostgreSQL may restart.
RESOLVE_WITHIN = 5.0


@dataclass(frozen=True)
class BookingContext:
    """The context of a booking: everything from the caller besides the request.

    Attributes:
        trace_id: the W3C trace id.
        strategy: a strategy for this booking alone; none for the lab's current one.
    """

    trace_id: str
    strategy: tuple[StrategyInfo, Strategy] | None = None


class Engine:
    """Books requests; the API, races and tests all use it.

    Args:
        pool: the pool of connections for bookings.
        servers: the servers that locks may use.
        registry: the strategies.
        ledger: records the result of each booking.
        observers: the observers of every booking.
        worker: this process, as ``instance/pid``.

    Attributes:
        in_flight: the bookings under way.
    """

    def __init__(
        self,
        pool: ConnectionSource,
        servers: Servers,
        registry: Registry,
        ledger: Ledger,
        observers: Sequence[Observer],
        worker: str,
    ) -> None:
        self._pool = pool
        self._servers = servers
        self._registry = registry
        self._ledger = ledger
        self._observers = tuple(observers)
        self._step_observers = [one for one in observers if type(one).step is not Observer.step]
        self._worker = worker
        self.in_flight = in_flight.InFlight()
        self._provider = SessionProvider(pool)

    def derive(self, pool: ConnectionSource, observers: Sequence[Observer]) -> Engine:
        """Return an engine like this one, on another pool and with further ``observers``.

        Both share ``in_flight``, so that a switch waits for the bookings of both.
        """
        engine = Engine(
            pool,
            self._servers,
            self._registry,
            self._ledger,
            (*observers, *self._observers),
            self._worker,
        )
        engine.in_flight = self.in_flight
        return engine

    def read_selection(self) -> None:
        """Read the selection, so that the first booking sends the same messages as all others.

        Raises:
            PoolTimeout: no connection came free in time.
            DatabaseUnavailable: the server doesn't answer.
        """
        with self._provider.checkout():
            pass

    def book(self, workload: Bookable, request: Request, context: BookingContext) -> Booking:
        """Book ``request``, and return the booking with its outcome.

        Raises:
            NotFound: the request names something that does not exist; the ledger gets no row.
            Unsuitable: the strategy can't book this request; the ledger gets no row.
            Unavailable: PostgreSQL has not answered since this process started.
        """
        # In flight until it is in the ledger: after a switch has drained, the ledger is complete.
        with self.in_flight.track() as tracked:
            booking = self._book(workload, request, context, tracked)
            self._ledger.record(booking)
        return booking

    def _book(
        self,
        workload: Bookable,
        request: Request,
        context: BookingContext,
        tracked: in_flight.InFlightBooking,
    ) -> Booking:
        # A plug-in workload sends foreign statements.
        altered = not is_shipped(type(workload))
        booking: Booking | None = None
        with ExitStack() as watching:
            while booking is None or booking.outcome is None:
                try:
                    with self._provider.session(altered=altered) as (session, current):
                        tracked.epoch = current.epoch
                        current_booking = self._begin(workload, request, context, session)
                        if booking is None:
                            booking = current_booking
                            observers = self._watch(booking, watching)
                        else:
                            booking.restart_as(current_booking)
                        self._run(booking, session, observers)
                except StartOver:
                    continue
                except CommitUnknown as error:
                    # After the connection is back in the pool: this must not wait for another one.
                    assert booking
                    self._resolve_outcome(booking, error)
                except (PoolTimeout, Unavailable) as error:
                    last = self._provider.last
                    if last is None:
                        raise
                    # The booking never began. It gets a row under the selection that was read last.
                    if booking is None:
                        booking = self._booking(workload, request, context, last)
                        self._watch(booking, watching)
                    booking.fail(error)
        return booking

    def _begin(
        self,
        workload: Bookable,
        request: Request,
        context: BookingContext,
        session: DeferredSession,
    ) -> Booking:
        assert session.assumed
        try:
            return self._booking(workload, request, context, session.assumed)
        except BookingLabError:
            session.verify_now()  # under a newer selection it may be possible
            raise

    def _watch(self, booking: Booking, watching: ExitStack) -> Sequence[Observer]:
        # The stopwatch ends first, so that the other observers find its times.
        stopwatch = Stopwatch()
        watching.enter_context(watch_booking((*self._observers, stopwatch), booking))
        return (*self._step_observers, stopwatch)

    def _booking(
        self,
        workload: Bookable,
        request: Request,
        context: BookingContext,
        current: selection.Selection,
    ) -> Booking:
        entry, strategy = context.strategy or self._registry.selected(current)
        self.check_suitable(workload, request, strategy)
        return Booking(
            workload=workload,
            request=replace(request, generation=current.generation),
            strategy=strategy,
            options=entry.options_of(strategy),
            epoch=current.epoch,
            think_time=current.think_time_ms / 1000,
            worker=self._worker,
            trace_id=context.trace_id,
        )

    def why_unsuitable(self, workload: Bookable, kind: type[Strategy]) -> str:
        """Return why strategies of this class can't book ``workload`` here; empty if they can."""
        return why_unsuitable(kind.needs, workload, self._servers.offered)

    def check_suitable(self, workload: Bookable, request: Request, strategy: Strategy) -> None:
        """Check that ``request`` can be booked under ``strategy``.

        Raises:
            Unsuitable: it can't.
        """
        check_can_book(strategy.name, strategy.needs, workload, self._servers.offered)
        if not can_book(strategy.needs, request):
            raise Unsuitable(
                f"Strategy {strategy.name} doesn't choose: name what you want to book, or book "
                f"under a strategy that needs 'choice'."
            )

    def _run(self, booking: Booking, session: Session, observers: Sequence[Observer]) -> None:
        try:
            self._try_until_done(booking, session, observers)
            booking.confirm()
        except (NotFound, StartOver, CommitUnknown):
            raise
        except BookingLabError as error:
            if not isinstance(error, Unavailable | TimedOut):
                self._verify(booking, session)
            booking.fail(error)
            if booking.outcome is Outcome.ERROR and not isinstance(error, Unavailable):
                self._report(booking)
        except Exception as error:  # a bug of a plug-in ends the booking, not the worker
            self._verify(booking, session)
            self._report(booking)
            message = f"Strategy {booking.strategy.name} failed: {safe_text(error)}."
            booking.fail(StrategyFault(), message)

    @staticmethod
    def _verify(booking: Booking, session: Session) -> None:
        """Check that the selection is still current before a booking fails under it.

        Raises:
            StartOver: the lab was switched or reset.
        """
        # In a batch, the writer has checked it for all bookings.
        if Capability.BATCH not in booking.strategy.needs:
            session.verify_now()

    def _try_until_done(
        self, booking: Booking, session: Session, observers: Sequence[Observer]
    ) -> None:
        retry = booking.strategy.retry
        deadline = self._servers.clock.now() + retry.deadline
        asked = booking.request
        for number in range(1, retry.attempts + 1):
            # A new try chooses again.
            booking.tries = number
            if booking.request is not asked:
                booking.set_request(asked)
            attempt = Attempt(booking, number, session, self._servers, observers, ConfirmedRows)
            try:
                self._try(booking, attempt)
            except Retryable:
                booking.timing.contentions += 1
                delay = retry.delay(number)
                if number == retry.attempts or self._servers.clock.now() + delay > deadline:
                    raise
                attempt.pause(delay, StepName.BACK_OFF)
            else:
                return
            finally:
                attempt.close()

    def _try(self, booking: Booking, attempt: Attempt) -> None:
        """Run one try. An error of the strategy after COMMIT doesn't change the result."""
        try:
            booking.strategy.book(attempt)
        except BookerInterrupted:
            raise
        except BaseException as error:  # a plug-in may even have called sys.exit
            attempt.check_outcome_known()
            if not attempt.committed:
                raise
            self._report(booking)
            booking.code = StrategyFault.code
            booking.note = f"then strategy {booking.strategy.name} failed: {safe_text(error)}"
        else:
            attempt.check_committed()

    def _resolve_outcome(self, booking: Booking, error: CommitUnknown) -> None:
        """Ask PostgreSQL for the result of the commit, on a connection outside of the pool.

        Other bookings that have lost their answer may have taken the whole pool.
        """
        clock = self._servers.clock
        deadline = clock.now() + RESOLVE_WITHIN
        while (left := deadline - clock.now()) > 0:
            try:
                with self._pool.extra_connection(left) as session:
                    stands = outcome_of_lost_commit(session, booking)
                break
            except (TimedOut, Unavailable):
                clock.sleep(0.1)
        else:
            booking.fail(error)
            return
        if stands:
            booking.note = "the answer to its COMMIT was lost"
            booking.confirm()
        else:
            booking.fail(
                DatabaseUnavailable("PostgreSQL went away before the commit; nothing was booked.")
            )

    @staticmethod
    def _report(booking: Booking) -> None:
        log.exception(
            "strategy %s failed", booking.strategy.name, extra={"trace_id": booking.trace_id}
        )
