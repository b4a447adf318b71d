"""What a move did, in words: what was sent, and what came back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from booking_lab.checker.drawing import state_in_words
from booking_lab.core.workload import Row
from booking_lab.errors import BookingLabError, Refused
from booking_lab.explorer.output.sql_text import full, named, short, value_in_words
from booking_lab.explorer.recording.trial import Ending, Event, Message

#: The attempt's own writes: what they return is the workload's business.
_BOOKINGS = {"booking", "booking, if free", "guarded booking", "bookings"}
#: These say nothing that the move's name doesn't.
_PLAIN = {"COMMIT", "ROLLBACK"}
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
        if message.statement not in _PLAIN or message.statement.lower() not in (step, event.detail):
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
    elif event.move.what == "acquire" and not event.messages and not event.note:
        yield Line(Kind.CAME_BACK, "has it")
    for request, decision in event.decided:
        whose = named(str(request))
        other = "" if whose == event.move.actor else f"{whose}: "
        if isinstance(decision, BookingLabError):
            refused = "refused: " if isinstance(decision, Refused) else ""
            yield Line(Kind.FAILED, f"{other}{refused}{decision.message}")
        else:
            verb = "chooses" if event.move.what == "acquire" else "decides:"
            yield Line(Kind.CAME_BACK, f"{other}{verb} {named(str(decision))}")
    if event.note:
        yield Line(Kind.WAITS, event.note)


def ended(ending: Ending) -> str:
    """Say how a booker ended."""
    tries = f", at try {ending.tries}" if ending.tries > 1 else ""
    if ending.outcome == "confirmed":
        return f"confirmed{tries}{ending.message.removeprefix('Booking confirmed')}"
    return f"{ending.outcome}{tries}: {named(ending.message)}".removesuffix(": ")


def lock_name(event: Event, message: Message) -> str:
    """The name of the lock that a message to Redis is about."""
    _, _, key = str(message.parameters.get("KEYS[1]", "")).partition(":lock:")
    _, _, server = event.detail.partition(" at ")
    return f"{key} at {server}" if server else key


def is_lease(event: Event, message: Message) -> bool:
    """Whether a message takes a lock in Redis or gives one back."""
    return message.server == "redis" and event.move.what in {"acquire", "release"} and (
        "KEYS[1]" in message.parameters
    )  # fmt: skip


def _in_short(event: Event, message: Message) -> str:
    if is_lease(event, message):
        verb = "lock" if event.move.what == "acquire" else "unlock"
        return f"{verb} {lock_name(event, message)}"
    return short(message)


def _answer(event: Event, message: Message) -> Iterator[Line]:
    rows = message.rows
    if rows is None or message.statement in _PLAIN or event.detail in _BOOKINGS or event.decided:
        return
    if is_lease(event, message):
        done = rows[0][0] not in (0, None)
        if event.move.what == "acquire" and done:
            yield Line(Kind.CAME_BACK, "has it")
        elif event.move.what == "release":
            lost = Line(Kind.FAILED, "it is not its own any more")
            yield Line(Kind.CAME_BACK, "given back") if done else lost
    elif event.move.what == "acquire" and message.server == "postgresql":
        yield Line(Kind.CAME_BACK, "locked" if rows else "no such row")
    elif event.detail == "fence":
        taken = Line(Kind.CAME_BACK, "registered")
        yield taken if rows[0][0] else Line(Kind.FAILED, "a higher one was here")
    elif event.move.what == "read" and len(rows) == 1 == len(rows[0]):
        yield Line(Kind.CAME_BACK, f"{event.detail} {value_in_words(rows[0][0])}")
    else:
        yield Line(Kind.CAME_BACK, _rows(rows))


def _rows(rows: Sequence[Row]) -> str:
    if not rows:
        return "no row"
    if rows == [(1,)]:  # as by RETURNING 1: it says no more than that there was one
        return "1 row"
    shown = [f"({', '.join(map(value_in_words, row))})" for row in rows[:_ROWS]]
    return ", ".join(shown) + (f" and {len(rows) - _ROWS} more" if len(rows) > _ROWS else "")
