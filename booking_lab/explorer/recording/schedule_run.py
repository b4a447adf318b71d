"""The record of one schedule that was run: events, messages, endings and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from booking_lab.core.booking import Outcome
from booking_lab.core.lab_workload import Finding
from booking_lab.core.step import StepName
from booking_lab.core.workload import Request, Row
from booking_lab.explorer.search.schedule import Schedule, ScheduleMove, schedule_text, switches

#: The outcomes of bookers that others delayed or disturbed.
_STOPPED = {Outcome.CONFLICT, Outcome.TIMEOUT}
#: The outcome of a booker whose process has died.
DIED = "died"


class TransactionEnd(StrEnum):
    """The end of a transaction."""

    COMMIT = "COMMIT"
    ROLLBACK = "ROLLBACK"


class ServerKind(StrEnum):
    """The kind of server that a message is sent to."""

    POSTGRESQL = "postgresql"
    REDIS = "redis"


@dataclass
class Message:
    """One statement or command that a booker sent, and the reply.

    Attributes:
        statement: the SQL with the names of its parameters; or the command to Redis.
        parameters: the values of the parameters.
        rows: the rows of the reply; none: there is no reply yet.
        error: the error of the server; empty: no error.
        server: ``postgresql`` or ``redis``.
        at: the name of one of several servers; empty: there is only one.
        key: the first key of a script of Redis.
        begins: whether the message begins a transaction.
        ends: the end of the transaction by this message; none: it goes on.
    """

    statement: str
    parameters: Mapping[str, object]
    rows: Sequence[Row] | None = None
    error: str = ""
    server: ServerKind = ServerKind.POSTGRESQL
    at: str = ""
    key: str = ""
    begins: bool = False
    ends: TransactionEnd | None = None


@dataclass
class MoveEvent:
    """One move of a schedule, and its effects.

    Attributes:
        move: the move.
        detail: the description of the step in a word or two.
        messages: the messages that were sent.
        saw: the state that was read.
        decided: pairs of a request's id and the decision: the change, or the error.
        waits_for: the names of the bookers that it waited for in PostgreSQL.
        until: the number of the move that ended the wait, counted from 1; 0: no move ended it.
        kept_out: whether another booker had the lock outside PostgreSQL.
        deadlock: whether this statement was cancelled to break a deadlock.
        note: a remark for readers.
        name: the name of the step among those of its kind; none: it has none.
    """

    move: ScheduleMove
    detail: str
    messages: list[Message] = field(default_factory=list)
    saw: object = None
    decided: list[tuple[UUID, object]] = field(default_factory=list)
    waits_for: tuple[str, ...] = ()
    until: int = 0
    kept_out: bool = False
    deadlock: bool = False
    note: str = ""
    name: StepName | None = None


@dataclass(frozen=True)
class Ending:
    """The end of a booker.

    Attributes:
        outcome: an outcome, or ``DIED``.
        code: the stable code of the reason.
        message: the reason for readers.
        tries: the number of tries that were begun.
        note: a remark on a confirmed booking.
    """

    outcome: str
    code: str = ""
    message: str = ""
    tries: int = 1
    note: str = ""


@dataclass(frozen=True)
class BookerAnswer:
    """The request and the answer of a booker, with times.

    Attributes:
        request: the request; an open one after the choice, if there was a choice.
        ending: the answer.
        began: the number of the booker's first move.
        ended: the number of the move that ended it.
    """

    request: Request
    ending: Ending
    began: int
    ended: int


@dataclass(frozen=True)
class ScheduleRun:
    """One schedule that was run to its end.

    Attributes:
        schedule: all moves, in order.
        events: one event for each move, including moves of ``time``, which nobody chose.
        endings: the end of each booker, by name.
        findings: inconsistencies in the database after the run, and wrong answers.
        is_disjoint: whether no two bookers share anything that bookings contend for.
    """

    schedule: Schedule
    events: Sequence[MoveEvent]
    endings: Mapping[str, Ending]
    findings: Sequence[Finding]
    is_disjoint: bool = False

    @property
    def bad(self) -> bool:
        """Whether there are findings."""
        return bool(self.findings)

    @property
    def serialised(self) -> bool:
        """Whether a booker waited, tried again or gave up although they share nothing."""
        return self.is_disjoint and self._has_waits

    @property
    def _has_waits(self) -> bool:
        return any(event.waits_for or event.kept_out for event in self.events) or any(
            one.tries > 1 or one.outcome in _STOPPED for one in self.endings.values()
        )

    @property
    def anomalies(self) -> list[str]:
        """The anomalies of the findings, each once."""
        return sorted({str(finding.anomaly) for finding in self.findings})

    @property
    def rank(self) -> tuple[int, int, str]:
        """A sort key: the lowest is the one to show, in whatever order they were run."""
        return *self.length, schedule_text(self.schedule)

    @property
    def length(self) -> tuple[int, int]:
        """A sort key: the lowest is the easiest to read."""
        return len(self.schedule), switches(self.schedule)
