"""A booker: a thread, a connection and an engine of its own, stopped before each message."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from enum import Enum
from queue import SimpleQueue
from typing import Any, TypeVar, cast
from uuid import UUID

from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.lease import Lease, Servers
from booking_lab.core.observer import Step
from booking_lab.core.scenario import booker_number
from booking_lab.core.step import StepKind
from booking_lab.core.workload import Request, Row, Workload
from booking_lab.db.connector import Connector
from booking_lab.db.ledger import Ledger
from booking_lab.db.pool import opened_beside
from booking_lab.db.session import Session
from booking_lab.errors import BookingLabError, LockTimeout, own_kind
from booking_lab.explorer.recording.calls import current
from booking_lab.explorer.recording.recording_session import RecordingSession
from booking_lab.explorer.recording.schedule_run import DIED, Ending, Message, MoveEvent
from booking_lab.explorer.scheduler.clock import ScheduledClock
from booking_lab.explorer.scheduler.gate import BEGIN, Gate, ProcessDied
from booking_lab.explorer.scheduler.starting_state import Task
from booking_lab.explorer.search.schedule import ScheduleMove
from booking_lab.runtime import selection
from booking_lab.runtime.engine import Engine, Wish
from booking_lab.runtime.strategy_registry import Registry

T = TypeVar("T")

#: Seconds that a booker's thread gets to end.
_JOIN_SECONDS = 5.0


class BookerState(Enum):
    """Where a booker is."""

    RUNNING = "on its way to its next stop"
    READY = "stands before a step"
    PARKED = "waits until a lock outside of PostgreSQL may be free"
    ENDED = "has its answer, or is dead"


class Booker:
    """Books once a schedule, step by step.

    Attributes:
        waits_for_others: whether it waits in PostgreSQL; the stage finds out.

    Args:
        name: ``A``, ``B``, ...
        connector: opens its connections.
        servers: as its worker sees them.
        registry: the strategies.
        arrivals: gets this booker whenever it has come to a stop or to its end.
        clock: its worker's.
        cancel: ends the statement that a session of this process id waits in.
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

    # --- what the stage does with it -------------------------------------------------------------

    def start(self, workload: Workload, task: Task, wish: Wish, *, at_begin: bool) -> None:
        """Begin with the task; it will come to a stop before its first message.

        Args:
            workload: what is booked.
            task: what it is to do.
            wish: under which strategy.
            at_begin: whether to stop before the strategy's code begins as well.
        """
        self.gate.reset()
        self.gate.stops_at_start = at_begin
        self.state, self._booking, self._failure = BookerState.RUNNING, None, None
        # What it sends before its first step belongs to that.
        self.event = self._before_first_step = MoveEvent(ScheduleMove(self.name, BEGIN), "")
        self._task = task
        if self._session:  # a COMMIT that failed by itself has lost nothing
            self._session.loses_answer = False
        self._work.put(lambda: self._book(workload, task, wish))

    def proceed(self, event: MoveEvent | None) -> None:
        """Do the step ahead; what it sends is taken down in ``event``."""
        if event:
            if self._before_first_step:
                event.messages += self._before_first_step.messages
            self.event, self._before_first_step = event, None
        self.state = BookerState.RUNNING
        self.gate.open()

    def note_arrival(self) -> None:
        """Take note that it has come to a stop or to its end."""
        if self.gate.next_step is None:
            self.state = BookerState.ENDED
        else:
            waits = self.gate.next_step.kind is StepKind.WAIT
            self.state = BookerState.PARKED if waits else BookerState.READY

    def cancel(self, error: type[BookingLabError]) -> None:
        """End the wait in PostgreSQL; to the booker it is ``error``."""
        self.session.cancelled_by = error
        self._cancel(self.process_id)

    def end_wait(self) -> None:
        """End the wait, wherever it is, as its time limit would."""
        if self.waits_for_others:
            self.cancel(LockTimeout)
        else:
            self._clock.end_waits_of(self._thread.ident or 0)
            self.proceed(None)

    def forget_connection(self) -> None:
        """Take note that PostgreSQL has undone what was left open when the connection was cut."""
        self._session = None

    def replace_altered_connection(self) -> None:
        """Take another connection for the next booking if this one may not be as it was.

        Nobody knows what a plug-in's own statement does: it may call a function.
        """
        if self._session and (self._session.altered or self._session.is_altered):
            self._session.give_back()
            self._session = None

    def die(self) -> None:
        """End its process: the connection is cut, and nothing of it runs any more."""
        if self._session:
            self._session.close_abruptly()
        self.state = BookerState.RUNNING
        self.gate.kill()

    def stop(self) -> None:
        """Let the thread end, and the connection with it, also in the middle of a schedule.

        Who waits in PostgreSQL ends as soon as that wait does.
        """
        self._work.put(None)
        self.gate.kill()

    def join(self) -> None:
        """Wait until the thread has ended; one that never comes to a stop is left to itself."""
        self._thread.join(_JOIN_SECONDS)

    # --- what can be seen of it ------------------------------------------------------------------

    @property
    def session(self) -> RecordingSession:
        """Its connection, as it is."""
        assert self._session
        return self._session

    def open_session(self) -> RecordingSession:
        """Return its connection; a new one if the last is of no use any more."""
        if self._session is None or not self._session.usable:
            if self._session:
                self._session.close_abruptly()
            self._session = RecordingSession(self.connector, self._record)
        return self._session

    @property
    def waits(self) -> bool:
        """Whether it waits for somebody else."""
        return self.waits_for_others or self.state is BookerState.PARKED

    @property
    def process_id(self) -> int:
        """PostgreSQL's process id of its connection; 0 if it has none."""
        return self._session.process_id if self._session else 0

    @property
    def was_cut(self) -> bool:
        """Whether its connection was cut, and PostgreSQL may not know it yet."""
        return self._session is not None and not self._session.is_open

    @property
    def is_being_cancelled(self) -> bool:
        """Whether the statement that it waits in is cancelled, and has not come back yet."""
        return self._session is not None and self._session.cancelled_by is not None

    @property
    def is_in_transaction(self) -> bool:
        """Whether it has begun a transaction and not ended it."""
        return self._session is not None and self._session.is_open and not self._session.usable

    @property
    def booking_id(self) -> str:
        """The id of its booking: the same in every run, so that two runs can be compared."""
        return str(UUID(int=0xA0 + booker_number(self.name)))

    @property
    def leases(self) -> list[Lease]:
        """The locks outside of PostgreSQL that it holds."""
        return self.gate.next_step.booking.leases if self.gate.next_step else []

    @property
    def request(self) -> Request:
        """What it has asked for; of a change that came to nothing: as it was at the beginning.

        Whoever is refused what was chosen for him was refused what he has left open.
        """
        assert self._task
        asked, booking = self._task.request, self._booking
        if booking is None or (asked.open and booking.outcome is Outcome.REFUSED):
            return replace(asked, id=UUID(self.booking_id))  # the booking of who died may stand
        return booking.request

    @property
    def ending(self) -> Ending:
        """How it ended.

        Raises:
            BaseException: what it failed with, if that is no way to end.
        """
        if isinstance(self._failure, ProcessDied):
            return Ending(DIED)
        if isinstance(self._failure, BookingLabError):  # of a look-up: it was not even tried
            outcome = own_kind(self._failure).outcome
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

    def _book(self, workload: Workload, task: Task, wish: Wish) -> None:
        try:
            request = self._look_up(workload, task, wish) if task.look_up else task.request
            request = replace(request, id=UUID(self.booking_id))
            if (
                not self._has_read_selection
            ):  # else the first schedule would not be as the others are
                self._engine.read_selection()
                self._has_read_selection = True
            self._booking = self._engine.book(workload, request, wish)
        except BaseException as failure:  # the stage wants to know, whatever it is
            self._failure = failure
        self.gate.next_step = None
        self._arrivals.put(self)

    def _look_up(self, workload: Workload, task: Task, wish: Wish) -> Request:
        """Look up the booking that is to be changed, as the API does before it changes one."""
        assert wish.strategy
        assert task.look_up
        session = self.open_session()
        booking = Booking(workload, task.request, wish.strategy[1], {}, 0, 0.0, self.name, "")
        step = Step(StepKind.READ, "what it holds", booking, 0, session.process_id)
        return task.look_up(cast(Session, _SteppedSession(session, lambda: self.gate.step(step))))

    def _record(self, message: Message) -> None:
        if self.event:
            self.event.messages.append(message)


class _SteppedSession:
    """A session each of whose messages is a step."""

    def __init__(
        self, session: Session, step: Callable[[], AbstractContextManager[object]]
    ) -> None:
        self._session = session
        self._step = step

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement, when it is its turn."""
        with self._step():
            return self._session.execute(statement, parameters)


class _SingleSessionProvider:
    """The booker's one connection, where an engine has a pool."""

    def __init__(self, booker: Booker, connector: Connector) -> None:
        self._booker = booker
        self._connector = connector
        self._selection: Any = None

    @contextmanager
    def session(self, first: Callable[[Session], T]) -> Iterator[tuple[Session, T]]:
        session = self._booker.open_session()
        if first is not selection.read:
            yield session, first(session)
            return
        # The database is the exploration's own: nobody switches anything there. So it is read once,
        # and belongs to no schedule.
        if self._selection is None:
            event, self._booker.event = self._booker.event, None
            self._selection = first(session)
            self._booker.event = event
        yield session, self._selection

    def beside(self, within: float) -> AbstractContextManager[Session]:
        """Open one more connection."""
        return opened_beside(self._connector, within)
