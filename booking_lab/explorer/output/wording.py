"""The lines of a timeline's cells: the step, its messages and their replies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from booking_lab.checker.drawing import state_in_words
from booking_lab.core.booking import Outcome
from booking_lab.core.lease import key
from booking_lab.core.step import StepKind, StepName
from booking_lab.core.workload import Row
from booking_lab.errors import BookingLabError, Refused
from booking_lab.explorer.output.sql_text import full_text, short_text, value_text, with_names
from booking_lab.explorer.recording.schedule_run import (
    Ending,
    Message,
    MoveEvent,
    ServerKind,
    TransactionEnd,
)

#: The attempt's own writes; their results are internal to the workload.
_BOOKINGS = {
    StepName.BOOKING,
    StepName.BOOKING_IF_FREE,
    StepName.GUARDED_BOOKING,
    StepName.BOOKINGS,
}
#: The prefix of the keys of locks.
_LOCK_PREFIX = key("", "lock", "")
#: Rows of a reply that are shown.
_ROWS_SHOWN = 3


class LineKind(StrEnum):
    """The kind of a line."""

    STEP = "step"
    SENT = "sent"
    CAME_BACK = "came back"
    WAITS = "waits"
    FAILED = "failed"
    WORLD = "world"


@dataclass(frozen=True)
class TimelineLine:
    """One line of a cell.

    Attributes:
        kind: its kind.
        text: its text.
        full: the whole statement, if ``text`` is a shortened one.
    """

    kind: LineKind
    text: str
    full: str = ""


def sent_lines(event: MoveEvent) -> Iterator[TimelineLine]:
    """Yield the lines for a step and its messages, without the replies."""
    step = event.move.what
    # The message to Redis names the lock already.
    bare = event.detail in {step, ""} or any(is_lease(event, one) for one in event.messages)
    yield TimelineLine(LineKind.STEP, step if bare else f"{step}: {event.detail}")
    for message in event.messages:
        if not _repeats_step_name(event, message):
            text, whole = _short_text(event, message), full_text(message)
            yield TimelineLine(LineKind.SENT, text, whole if whole != text else "")
    if event.waits_for:
        yield TimelineLine(LineKind.WAITS, f"waits for {' and '.join(event.waits_for)}")


def reply_lines(event: MoveEvent) -> Iterator[TimelineLine]:
    """Yield the lines for the replies and for the booker's decisions."""
    if event.deadlock:
        yield TimelineLine(LineKind.FAILED, "deadlock: this one is cancelled")
    for message in event.messages:
        if message.error and not event.deadlock:
            yield TimelineLine(LineKind.FAILED, with_names(message.error))
    if event.saw is not None:
        yield TimelineLine(LineKind.CAME_BACK, state_in_words(event.saw))
    elif event.messages and not event.messages[-1].error:
        yield from _reply(event, event.messages[-1])
    elif event.move.what == StepKind.ACQUIRE and not event.messages and not event.note:
        yield TimelineLine(LineKind.CAME_BACK, "has it")
    for request, decision in event.decided:
        whose = with_names(str(request))
        other = "" if whose == event.move.actor else f"{whose}: "
        if isinstance(decision, BookingLabError):
            refused = "refused: " if isinstance(decision, Refused) else ""
            yield TimelineLine(LineKind.FAILED, f"{other}{refused}{decision.message}")
        else:
            verb = "chooses" if event.move.what == StepKind.ACQUIRE else "decides:"
            yield TimelineLine(LineKind.CAME_BACK, f"{other}{verb} {with_names(str(decision))}")
    if event.note:
        yield TimelineLine(LineKind.WAITS, event.note)


def ending_text(ending: Ending) -> str:
    """Return the text for the end of a booker."""
    tries = f", at try {ending.tries}" if ending.tries > 1 else ""
    if ending.outcome == Outcome.CONFIRMED:
        return f"confirmed{tries}" + (f"; {ending.note}" if ending.note else "")
    return f"{ending.outcome}{tries}: {with_names(ending.message)}".removesuffix(": ")


def lock_name(message: Message) -> str:
    """Return the name of the lock in a message to Redis."""
    name = message.key.removeprefix(_LOCK_PREFIX)
    return f"{name} at {message.at}" if message.at else name


def is_lease(event: MoveEvent, message: Message) -> bool:
    """Whether a message acquires or releases a lock in Redis."""
    return event.name is StepName.LEASE and bool(message.key)


def _repeats_step_name(event: MoveEvent, message: Message) -> bool:
    """Whether the name of the step already names the message."""
    if message.ends is TransactionEnd.COMMIT:
        return event.move.what == StepKind.COMMIT
    return message.ends is TransactionEnd.ROLLBACK and event.name is StepName.ROLLBACK


def _short_text(event: MoveEvent, message: Message) -> str:
    if is_lease(event, message):
        verb = "lock" if event.move.what == StepKind.ACQUIRE else "unlock"
        return f"{verb} {lock_name(message)}"
    if event.name is StepName.RESERVATION and message.key:
        return "reserve" if event.move.what == StepKind.ACQUIRE else "resolve the reservation"
    return short_text(message)


def _reply(event: MoveEvent, message: Message) -> Iterator[TimelineLine]:
    rows = message.rows
    if rows is None or message.ends or event.name in _BOOKINGS or event.decided:
        return
    if is_lease(event, message):
        done = rows[0][0] not in (0, None)
        if event.move.what == StepKind.ACQUIRE and done:
            yield TimelineLine(LineKind.CAME_BACK, "has it")
        elif event.move.what == StepKind.RELEASE:
            lost = TimelineLine(LineKind.FAILED, "no longer its lock")
            yield TimelineLine(LineKind.CAME_BACK, "released") if done else lost
    elif event.name is StepName.RESERVATION:
        yield from _reserved(event, rows[0][0])
    elif event.move.what == StepKind.ACQUIRE and message.server is ServerKind.POSTGRESQL:
        yield TimelineLine(LineKind.CAME_BACK, "locked" if rows else "no such row")
    elif event.name is StepName.FENCE:
        taken = TimelineLine(LineKind.CAME_BACK, "registered")
        yield taken if rows[0][0] else TimelineLine(LineKind.FAILED, "a higher one was here")
    elif event.move.what == StepKind.READ and len(rows) == 1 == len(rows[0]):
        yield TimelineLine(LineKind.CAME_BACK, f"{event.detail} {value_text(rows[0][0])}")
    else:
        yield TimelineLine(LineKind.CAME_BACK, _rows(rows))


def _reserved(event: MoveEvent, reply: Any) -> Iterator[TimelineLine]:
    """Yield the line for the reply of counters in Redis.

    The reply has the places of missing counters, or the negative place of a counter with too few.
    It is empty if the reservation was made.
    """
    if event.move.what == StepKind.RELEASE:
        return
    if reply and reply[0] < 0:
        yield TimelineLine(LineKind.FAILED, "not enough is left")
    else:
        yield TimelineLine(LineKind.CAME_BACK, "nothing is counted yet" if reply else "reserved")


def _rows(rows: Sequence[Row]) -> str:
    if not rows:
        return "no row"
    if rows == [(1,)]:  # the result of RETURNING 1
        return "1 row"
    shown = [f"({', '.join(map(value_text, row))})" for row in rows[:_ROWS_SHOWN]]
    return ", ".join(shown) + (
        f" and {len(rows) - _ROWS_SHOWN} more" if len(rows) > _ROWS_SHOWN else ""
    )
