"""A booker: a thread with its own connection and engine, which stops before each message."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from enum import Enum
from queue import SimpleQueue
from typing import TypeVar, cast
from uuid import UUID

from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.lease import Lease, Servers
from booking_lab.core.observer import Step
from booking_lab.core.scenario import booker_number
from booking_lab.core.step import StepKind
from booking_lab.core.workload import Bookable, Request, Row
from booking_lab.db.connector import Connector
from booking_lab.db.ledger import Ledger
from booking_lab.db.pool import extra_connection
from booking_lab.db.session import PostgresSession
from booking_lab.errors import BookingLabError, LockTimeout, lab_kind
from booking_lab.explorer.recording.calls import current
from booking_lab.explorer.recording.recording_session import RecordingSession
from booking_lab.explorer.recording.schedule_run import DIED, Ending, Message, MoveEvent
from booking_lab.explorer.scheduler.clock import ScheduledClock
from booking_lab.explorer.scheduler.gate import BEGIN, Gate, ProcessDied
from booking_lab.explorer.scheduler.starting_state import Task
from booking_lab.explorer.search.schedule import ScheduleMove
from booking_lab.runtime.engine import BookingContext, Engine
from booking_lab.runtime.strategy_registry import Registry

T = TypeVar("T")

#: Seconds to wait for the end of a booker's thread.
_JOIN_SECONDS = 5.0


class BookerState(Enum):
    """The state of a booker."""

    RUNNING = "is running to its next stop"
    READY = "has stopped before a step"
    PARKED = "waits for a lock outside of PostgreSQL"
    ENDED = "has its answer, or is dead"


class Booker:
    """Books once in each schedule, step by step.

    Attributes:
        waits_for_others: whether it waits in PostgreSQL; the scheduler sets it.

    Args:
        name: ``A``, ``B``, ...
        connector: opens its connections.
        servers: the servers of its worker.
        registry: the strategies.
        arrivals: a queue to which the booker adds itself when it has stopped or ended.
        clock: the clock of its worker.
        cancel: cancels the statement of the session with a process id.
    """

    def __init__(
        self,
        name: str,
        connector: Connector,
        servers: Servers,
        registry: Registry,
        arrivals: SimpleQueue[Booker],
        clock: ScheduledClock,
        cancel: Callable[[int], None],
    ) -> None:
        self.name = name
        self.waits_for_others = False
        self._clock = clock
        self._cancel = cancel
        self.gate = Gate(lambda: arrivals.put(self))
        self.state = BookerState.ENDED
        self.servers = servers
        self.event: MoveEvent | None = None
        self._before_first_step: MoveEvent | None = None
        self.connector = connector
        self._arrivals = arrivals
        self._session: RecordingSession | None = None
        self._engine = Engine(
            _SingleSessionProvider(self, connector), servers, registry, Ledger(), [self.gate], name
        )
        self._task: Task | None = None
        self._booking: Booking | None = None
        self._failure: BaseException | None = None
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"booker-{name}", daemon=True)
        self._thread.start()

    # --- called by the scheduler -----------------------------------------------------------------

    def start(
        self, workload: Bookable, task: Task, wish: BookingContext, *, at_begin: bool
    ) -> None:
        """Start the task; the booker stops before its first message.

        Args:
            workload: the workload.
            task: the task.
            wish: the strategy.
            at_begin: whether to stop before the first line of the strategy's code, too.
        """
        self.gate.reset()
        self.gate.stops_at_start = at_begin
        self.state, self._booking, self._failure = BookerState.RUNNING, None, None
        # Messages before the first step are added to the first step.
        self.event = self._before_first_step = MoveEvent(ScheduleMove(self.name, BEGIN), "")
        self._task = task
        if self._session:  # still set if the COMMIT failed by itself
            self._session.loses_answer = False
        self._work.put(lambda: self._book(workload, task, wish))

    def proceed(self, event: MoveEvent | None) -> None:
        """Run the next step, and record its messages in ``event``."""
        if event:
            if self._before_first_step:
                event.messages += self._before_first_step.messages
            self.event, self._before_first_step = event, None
        self.state = BookerState.RUNNING
        self.gate.open()

    def note_arrival(self) -> None:
        """Update the state after a stop or the end."""
        if self.gate.next_step is None:
            self.state = BookerState.ENDED
        else:
            waits = self.gate.next_step.kind is StepKind.WAIT
            self.state = BookerState.PARKED if waits else BookerState.READY

    def cancel(self, error: type[BookingLabError]) -> None:
        """Cancel the statement that waits in PostgreSQL; the booker sees ``error``."""
        self.session.cancelled_by = error
        self._cancel(self.process_id)

    def end_wait(self) -> None:
        """End a wait in PostgreSQL or outside of it, as its time limit would."""
        if self.waits_for_others:
            self.cancel(LockTimeout)
        else:
            self._clock.end_waits_of(self._thread.ident or 0)
            self.proceed(None)

    def forget_connection(self) -> None:
        """Forget the closed connection, after PostgreSQL has rolled back its transaction."""
        self._session = None

    def replace_altered_connection(self) -> None:
        """Replace the connection if a statement may have changed its settings.

        The effects of a plug-in's own statement are unknown: it may call a function.
        """
        if self._session and (self._session.altered or self._session.is_altered):
            self._session.give_back()
            self._session = None

    def die(self) -> None:
        """Die as with the process: close the connection, and run no code any more."""
        if self._session:
            self._session.close_abruptly()
        self.state = BookerState.RUNNING
        self.gate.kill()

    def stop(self) -> None:
        """End the thread and its connection, even in the middle of a schedule.

        A booker that waits in PostgreSQL ends when that wait ends.
        """
        self._work.put(None)
        self.gate.kill()

    def join(self) -> None:
        """Wait until the thread has ended, within a limit."""
        self._thread.join(_JOIN_SECONDS)

    # --- its state -------------------------------------------------------------------------------

    @property
    def session(self) -> RecordingSession:
        """The session, which has to exist."""
        assert self._session
        return self._session

    def open_session(self) -> RecordingSession:
        """Return the session; a new one if there is none, or if it can't be used any more."""
        if self._session is None or not self._session.usable:
            if self._session:
                self._session.close_abruptly()
            self._session = RecordingSession(self.connector, self._record)
        return self._session

    @property
    def waits(self) -> bool:
        """Whether it waits for another booker."""
        return self.waits_for_others or self.state is BookerState.PARKED

    @property
    def process_id(self) -> int:
        """The process id of its session in PostgreSQL; 0: it has no session."""
        return self._session.process_id if self._session else 0

    @property
    def was_cut(self) -> bool:
        """Whether its connection was closed abruptly, and PostgreSQL may not know it yet."""
        return self._session is not None and not self._session.is_open

    @property
    def is_being_cancelled(self) -> bool:
        """Whether its statement was cancelled and has not returned yet."""
        return self._session is not None and self._session.cancelled_by is not None

    @property
    def is_in_transaction(self) -> bool:
        """Whether it has an open transaction."""
        return self._session is not None and self._session.is_open and not self._session.usable

    @property
    def booking_id(self) -> str:
        """The id of its booking; the same in every run, so that two runs can be compared."""
        return str(UUID(int=0xA0 + booker_number(self.name)))

    @property
    def leases(self) -> list[Lease]:
        """The locks outside of PostgreSQL that it holds."""
        return self.gate.next_step.booking.leases if self.gate.next_step else []

    @property
    def request(self) -> Request:
        """The request; for a change that failed at the look-up, the request of the task.

        If the choice of an open request was refused, this is the open request.
        """
        assert self._task
        asked, booking = self._task.request, self._booking
        if booking is None or (asked.open and booking.outcome is Outcome.REFUSED):
            return replace(asked, id=UUID(self.booking_id))  # a dead booker may have booked
        return booking.request

    @property
    def ending(self) -> Ending:
        """The end of the booker.

        Raises:
            BaseException: an exception that is neither of the lab nor the death of the process.
        """
        if isinstance(self._failure, ProcessDied):
            return Ending(DIED)
        if isinstance(self._failure, BookingLabError):  # at the look-up, before the first try
            outcome = lab_kind(self._failure).outcome
            return Ending(str(outcome), self._failure.code, self._failure.message)
        if self._failure:
            raise self._failure
        assert self._booking
        assert self._booking.outcome
        booking = self._booking
        return Ending(
            str(booking.outcome), booking.code, booking.message, booking.tries, booking.note
        )

    # --- its thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        current.booker = self
        self._has_read_selection = False
        while work := self._work.get():
            work()
        if self._session:
            self._session.give_back()

    def _book(self, workload: Bookable, task: Task, wish: BookingContext) -> None:
        try:
            request = self._look_up(workload, task, wish) if task.look_up else task.request
            request = replace(request, id=UUID(self.booking_id))
            if not self._has_read_selection:  # otherwise the first schedule would be different
                self._engine.read_selection()
                self._has_read_selection = True
            self._booking = self._engine.book(workload, request, wish)
        except BaseException as failure:  # ``ending`` raises it in the scheduler
            self._failure = failure
        self.gate.next_step = None
        self._arrivals.put(self)

    def _look_up(self, workload: Bookable, task: Task, wish: BookingContext) -> Request:
        """Look up the booking to be changed, as the API does before a change."""
        assert wish.strategy
        assert task.look_up
        session = self.open_session()
        booking = Booking(workload, task.request, wish.strategy[1], {}, 0, 0.0, self.name, "")
        step = Step(StepKind.READ, "what it holds", booking, 0, session.process_id)
        return task.look_up(
            cast(PostgresSession, _SteppedSession(session, lambda: self.gate.step(step)))
        )

    def _record(self, message: Message) -> None:
        if self.event:
            self.event.messages.append(message)


class _SteppedSession:
    """A session in which each message is a step."""

    def __init__(
        self, session: PostgresSession, step: Callable[[], AbstractContextManager[object]]
    ) -> None:
        self._session = session
        self._step = step

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement as a step."""
        with self._step():
            return self._session.execute(statement, parameters)


class _SingleSessionProvider:
    """The session provider of a booker's engine, with one session in place of a pool."""

    def __init__(self, booker: Booker, connector: Connector) -> None:
        self._booker = booker
        self._connector = connector
        self._found: dict[Callable[[PostgresSession], object], object] = {}

    @contextmanager
    def session(self, first: Callable[[PostgresSession], T]) -> Iterator[tuple[PostgresSession, T]]:
        """Check out the connection, with the first result of ``first``.

        The result is the selection, or nothing. The database belongs to the exploration, and nobody
        switches anything there. So the selection is read once, outside of all schedules.
        """
        session = self._booker.open_session()
        if first not in self._found:
            event, self._booker.event = self._booker.event, None
            self._found[first] = first(session)
            self._booker.event = event
        yield session, cast(T, self._found[first])

    def extra_connection(self, within: float) -> AbstractContextManager[PostgresSession]:
        """Open one more connection, within so many seconds."""
        return extra_connection(self._connector, within)
