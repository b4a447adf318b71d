"""What happened when one schedule was run."""

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

#: How bookers end whom others were in the way of.
_STOPPED = {Outcome.CONFLICT, Outcome.TIMEOUT}
#: How a booker ended whose process did.
DIED = "died"


class TransactionEnd(StrEnum):
    """How a transaction ends."""

    COMMIT = "COMMIT"
    ROLLBACK = "ROLLBACK"


class ServerKind(StrEnum):
    """Where a message goes."""

    POSTGRESQL = "postgresql"
    REDIS = "redis"


@dataclass
class Message:
    """One statement that a booker sent, and what came back.

    Attributes:
        statement: the SQL, with its parameters' names; or the command to Redis.
        parameters: their values.
        rows: what it returned; none yet while it waits.
        error: why it failed.
        server: ``postgresql`` or ``redis``.
        at: which of several servers it was sent to; empty: there is one.
        key: of a script of Redis, the first key.
        begins: whether it begins a transaction.
        ends: how it ends one; none: it doesn't.
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
    """One move and what it did.

    Attributes:
        move: the move.
        detail: what the step did, in a word or two; for readers.
        messages: what was sent.
        saw: the state that was read.
        decided: by the id of the request, the change that was decided on, or the error.
        waits_for: the bookers that it had to wait for, if it had to.
        until: the number of the move that ended the wait, counted from 1; 0: none did.
        kept_out: whether somebody else had the lock outside of PostgreSQL that it wanted.
        deadlock: whether this was the one cancelled to break a deadlock.
        note: what there is to say of it.
        name: what the step is among those of its kind; none: one that nobody tells from others.
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
    """How a booker ended: an outcome, or ``DIED``.

    Attributes:
        outcome: the outcome.
        code: a stable word for its reason.
        message: the reason for a reader.
        tries: how many tries were begun.
        note: what there is to say beside that it is confirmed.
    """

    outcome: str
    code: str = ""
    message: str = ""
    tries: int = 1
    note: str = ""


@dataclass(frozen=True)
class BookerAnswer:
    """What a booker asked for in the end, what it was told, and when.

    Attributes:
        request: what was asked for; what was left open has been chosen, if it came to that.
        ending: what it was told.
        began: the number of its first move.
        ended: the number of the move with which it came to its end.
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
        events: one for each move, and those that nobody chose (``time``).
        endings: how each booker ended.
        findings: what is wrong in the database afterwards, or with the answers given.
        apart: whether the bookers share nothing that bookings contend for.
    """

    schedule: Schedule
    events: Sequence[MoveEvent]
    endings: Mapping[str, Ending]
    findings: Sequence[Finding]
    is_disjoint: bool = False

    @property
    def bad(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.findings)

    @property
    def serialised(self) -> bool:
        """Whether anybody had to wait, to start over or to give up, and they share nothing."""
        return self.is_disjoint and self._has_waits

    @property
    def _has_waits(self) -> bool:
        return any(event.waits_for or event.kept_out for event in self.events) or any(
            one.tries > 1 or one.outcome in _STOPPED for one in self.endings.values()
        )

    @property
    def anomalies(self) -> list[str]:
        """What is wrong, each kind once."""
        return sorted({str(finding.anomaly) for finding in self.findings})

    @property
    def rank(self) -> tuple[int, int, str]:
        """By this, the one to show comes first, in whatever order they were run."""
        return *self.length, schedule_text(self.schedule)

    @property
    def length(self) -> tuple[int, int]:
        """By this, the shortest is the easiest to read."""
        return len(self.schedule), switches(self.schedule)
