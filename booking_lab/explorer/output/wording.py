"""What a move did, in words: what was sent, and what came back."""

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
from booking_lab.explorer.output.sql_text import full, named, short, value_in_words
from booking_lab.explorer.recording.schedule_run import End, Ending, Event, Message, Server

#: The attempt's own writes: what they return is the workload's business.
_BOOKINGS = {
    StepName.BOOKING,
    StepName.BOOKING_IF_FREE,
    StepName.GUARDED_BOOKING,
    StepName.BOOKINGS,
}
#: What the keys of locks begin with; an exploration has its servers for itself.
_LOCKS = key("", "lock", "")
#: Rows of an answer that are shown.
_ROWS = 3


class Kind(StrEnum):
    """What a line is."""

    STEP = "step"
    SENT = "sent"
    CAME_BACK = "came back"
    WAITS = "waits"
    FAILED = "failed"
    WORLD = "world"


@dataclass(frozen=True)
class Line:
    """One line of a cell.

    Attributes:
        kind: what it is.
        text: what it says.
        full: the whole statement, if ``text`` is one and leaves something out.
    """

    kind: Kind
    text: str
    full: str = ""


def sent(event: Event) -> Iterator[Line]:
    """Yield what a booker did, up to the answer."""
    step = event.move.what
    # A lock in Redis says itself which one it is.
    bare = event.detail in {step, ""} or any(is_lease(event, one) for one in event.messages)
    yield Line(Kind.STEP, step if bare else f"{step}: {event.detail}")
    for message in event.messages:
        if not _says_the_step(event, message):
            text, whole = _in_short(event, message), full(message)
            yield Line(Kind.SENT, text, whole if whole != text else "")
    if event.waits_for:
        yield Line(Kind.WAITS, f"waits for {' and '.join(event.waits_for)}")


def came_back(event: Event) -> Iterator[Line]:
    """Yield the answer, and what the booker made of it."""
    if event.deadlock:
        yield Line(Kind.FAILED, "deadlock: this one is cancelled")
    for message in event.messages:
        if message.error and not event.deadlock:
            yield Line(Kind.FAILED, named(message.error))
    if event.saw is not None:
        yield Line(Kind.CAME_BACK, state_in_words(event.saw))
    elif event.messages and not event.messages[-1].error:
        yield from _answer(event, event.messages[-1])
    elif event.move.what == StepKind.ACQUIRE and not event.messages and not event.note:
        yield Line(Kind.CAME_BACK, "has it")
    for request, decision in event.decided:
        whose = named(str(request))
        other = "" if whose == event.move.actor else f"{whose}: "
        if isinstance(decision, BookingLabError):
            refused = "refused: " if isinstance(decision, Refused) else ""
            yield Line(Kind.FAILED, f"{other}{refused}{decision.message}")
        else:
            verb = "chooses" if event.move.what == StepKind.ACQUIRE else "decides:"
            yield Line(Kind.CAME_BACK, f"{other}{verb} {named(str(decision))}")
    if event.note:
        yield Line(Kind.WAITS, event.note)


def ended(ending: Ending) -> str:
    """Say how a booker ended."""
    tries = f", at try {ending.tries}" if ending.tries > 1 else ""
    if ending.outcome == Outcome.CONFIRMED:
        return f"confirmed{tries}" + (f"; {ending.note}" if ending.note else "")
    return f"{ending.outcome}{tries}: {named(ending.message)}".removesuffix(": ")


def lock_name(message: Message) -> str:
    """The name of the lock that a message to Redis is about."""
    name = message.key.removeprefix(_LOCKS)
    return f"{name} at {message.at}" if message.at else name


def is_lease(event: Event, message: Message) -> bool:
    """Whether a message takes a lock in Redis or gives one back."""
    return event.name is StepName.LEASE and bool(message.key)


def _says_the_step(event: Event, message: Message) -> bool:
    """Whether a message says nothing that the step's name doesn't."""
    if message.ends is End.COMMIT:
        return event.move.what == StepKind.COMMIT
    return message.ends is End.ROLLBACK and event.name is StepName.ROLLBACK


def _in_short(event: Event, message: Message) -> str:
    if is_lease(event, message):
        verb = "lock" if event.move.what == StepKind.ACQUIRE else "unlock"
        return f"{verb} {lock_name(message)}"
    if event.name is StepName.RESERVATION and message.key:
        return "reserve" if event.move.what == StepKind.ACQUIRE else "settle the reservation"
    return short(message)


def _answer(event: Event, message: Message) -> Iterator[Line]:
    rows = message.rows
    if rows is None or message.ends or event.name in _BOOKINGS or event.decided:
        return
    if is_lease(event, message):
        done = rows[0][0] not in (0, None)
        if event.move.what == StepKind.ACQUIRE and done:
            yield Line(Kind.CAME_BACK, "has it")
        elif event.move.what == StepKind.RELEASE:
            lost = Line(Kind.FAILED, "it is not its own any more")
            yield Line(Kind.CAME_BACK, "given back") if done else lost
    elif event.name is StepName.RESERVATION:
        yield from _reserved(event, rows[0][0])
    elif event.move.what == StepKind.ACQUIRE and message.server is Server.POSTGRESQL:
        yield Line(Kind.CAME_BACK, "locked" if rows else "no such row")
    elif event.name is StepName.FENCE:
        taken = Line(Kind.CAME_BACK, "registered")
        yield taken if rows[0][0] else Line(Kind.FAILED, "a higher one was here")
    elif event.move.what == StepKind.READ and len(rows) == 1 == len(rows[0]):
        yield Line(Kind.CAME_BACK, f"{event.detail} {value_in_words(rows[0][0])}")
    else:
        yield Line(Kind.CAME_BACK, _rows(rows))


def _reserved(event: Event, reply: Any) -> Iterator[Line]:
    """What counters in Redis said: the places of those that aren't there, or of a short one."""
    if event.move.what == StepKind.RELEASE:
        return
    if reply and reply[0] < 0:
        yield Line(Kind.FAILED, "not enough is left")
    else:
        yield Line(Kind.CAME_BACK, "nothing is counted yet" if reply else "reserved")


def _rows(rows: Sequence[Row]) -> str:
    if not rows:
        return "no row"
    if rows == [(1,)]:  # as by RETURNING 1: it says no more than that there was one
        return "1 row"
    shown = [f"({', '.join(map(value_in_words, row))})" for row in rows[:_ROWS]]
    return ", ".join(shown) + (f" and {len(rows) - _ROWS} more" if len(rows) > _ROWS else "")
