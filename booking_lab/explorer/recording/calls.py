"""Records the states that bookers read, their decisions, and their commands to Redis."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import redis

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.errors import BookingLabError
from booking_lab.explorer.recording.schedule_run import Message, MoveEvent, ServerKind

#: The token of a lock's holder, which differs in every run.
_TOKEN = re.compile("[0-9a-f]{32}")


class RecordedBooker(Protocol):
    """The part of a booker that recording needs.

    Attributes:
        event: the event of the move under way; none: nothing is recorded.
    """

    event: MoveEvent | None


class _CurrentBooker(threading.local):
    """The booker of the current thread.

    Attributes:
        booker: the booker; none: the thread belongs to no booker.
    """

    booker: RecordedBooker | None = None


current = _CurrentBooker()


def recording_workload(workload: LabWorkload) -> LabWorkload:
    """Return a copy of ``workload`` that records reads and decisions in the current event."""
    # A copy of the same class, because the class determines the capabilities.
    recording = copy.copy(workload)
    for name in ("read", "read_all"):
        if read := getattr(workload, name, None):
            setattr(recording, name, _recording_state(read))
    for name, in_words in (("decide", lambda change: change), ("choose", workload.subject)):
        if decide := getattr(workload, name, None):
            setattr(recording, name, _recording_decision(decide, in_words))
    return recording


def _recording_state(read: Callable[..., Any]) -> Callable[..., Any]:
    def reads(*arguments: Any) -> Any:
        state = read(*arguments)
        if event := _current_event():
            event.saw = state
        return state

    return reads


def _recording_decision(
    decide: Callable[[Any, Any], Any], in_words: Callable[[Any], object]
) -> Callable[[Any, Any], Any]:
    def decides(state: Any, request: Any) -> Any:
        event = _current_event()
        noted = event.decided if event else []
        try:
            decision = decide(state, request)
        except BookingLabError as error:
            noted.append((request.id, error))
            raise
        noted.append((request.id, in_words(decision)))
        return decision

    return decides


def record_commands(client: redis.Redis, at: str = "") -> None:
    """Make ``client`` record its commands and their replies in the current event.

    Args:
        client: a client of Redis.
        at: the name of its server, if there are several.
    """
    execute: Callable[..., Any] = client.execute_command

    def executes(*arguments: Any, **options: Any) -> Any:
        event = _current_event()
        if event is None:
            return execute(*arguments, **options)
        message = Message(
            *_command_text(arguments), server=ServerKind.REDIS, at=at, key=_key(arguments)
        )
        event.messages.append(message)
        try:
            reply = execute(*arguments, **options)
        except Exception as error:
            message.error = str(error)
            raise
        message.rows = [(reply,)]
        return reply

    client.execute_command = executes  # type: ignore[method-assign]


def _command_text(arguments: tuple[Any, ...]) -> tuple[str, Mapping[str, object]]:
    """Return a command as text, and the parameters of a script."""
    words = [_TOKEN.sub("token", str(argument)) for argument in arguments]
    if words[0] != "EVAL":
        return " ".join(words), {}
    script, end = words[1].strip(), 3 + int(words[2])
    keys = {f"KEYS[{number}]": word for number, word in enumerate(words[3:end], start=1)}
    values = {f"ARGV[{number}]": word for number, word in enumerate(words[end:], start=1)}
    return f"EVAL {script}", keys | values


def _key(arguments: tuple[Any, ...]) -> str:
    """Return the first key of a script; empty for other commands, and for scripts without keys."""
    return str(arguments[3]) if arguments[0] == "EVAL" and int(arguments[2]) else ""


def _current_event() -> MoveEvent | None:
    return current.booker.event if current.booker else None
