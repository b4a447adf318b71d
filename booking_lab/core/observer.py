"""Those who watch bookings and their steps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from booking_lab.core.booking import Booking
from booking_lab.core.step import StepKind, StepName
from booking_lab.errors import BookingLabError, safe_text

log = logging.getLogger(__name__)


class Step(NamedTuple):
    """One announced step of one try.

    Attributes:
        kind: what it is.
        detail: what it does in a word or two, such as ``row lock`` or ``versions``; for readers.
        booking: the booking that it belongs to.
        attempt: the number of the try, from 1.
        session: PostgreSQL's process id of the try's connection.
        name: what it is among the steps of its kind; none: one that nobody tells from others.
    """

    kind: StepKind
    detail: str
    booking: Booking
    attempt: int
    session: int
    name: StepName | None = None


#: What an observer returns that doesn't care: it is not even entered.
NOT_WATCHED: AbstractContextManager[None] = nullcontext()


class Observer:
    """Watches bookings and their steps; a subclass overrides what it wants to see.

    Measuring, tracing, thinking and meeting at a barrier are observers, and nothing else in the
    lab measures, sleeps or injects. Exceptions of the watched block pass through.

    An observer keeps a booking or a step from beginning by raising one of the lab's errors before
    it. Any other error of its own is logged and changes nothing for the booking, nor for the other
    observers; so does every error after the block, for what is done is done.
    """

    def booking(self, booking: Booking) -> AbstractContextManager[object]:  # noqa: ARG002
        """Return a context manager that is open for the whole booking, retries included."""
        return NOT_WATCHED

    def step(self, step: Step) -> AbstractContextManager[object]:  # noqa: ARG002
        """Return a context manager that is open while ``step`` runs."""
        return NOT_WATCHED


def watch_step(observers: Sequence[Observer], step: Step) -> AbstractContextManager[object]:
    """Let ``observers`` watch the block as ``step``: entered in this order, left in the other."""
    return _watch(observers, lambda observer: observer.step(step))


def watch_booking(
    observers: Sequence[Observer], booking: Booking
) -> AbstractContextManager[object]:
    """Let ``observers`` watch the block as ``booking``."""
    return _watch(observers, lambda observer: observer.booking(booking))


def _watch(
    observers: Sequence[Observer], ask: Callable[[Observer], AbstractContextManager[object]]
) -> AbstractContextManager[object]:
    watching = []
    for observer in observers:
        try:
            if (context := ask(observer)) is not NOT_WATCHED:
                watching.append(context)
        except BookingLabError:
            raise
        except Exception as error:  # see Observer
            _log_failure(observer, error)
    return ObserverContext(watching) if watching else NOT_WATCHED


class ObserverContext:
    """What observers have returned, as one block.

    There is one of these for each step, and neither a generator nor an ExitStack is as fast.
    """

    __slots__ = ("_contexts", "_entered")

    def __init__(self, contexts: Sequence[AbstractContextManager[object]]) -> None:
        self._contexts = contexts
        self._entered: list[AbstractContextManager[object]] = []

    def __enter__(self) -> None:
        for context in self._contexts:
            try:
                context.__enter__()
            except Exception as error:
                if isinstance(error, BookingLabError):
                    self._leave(error)
                    raise
                _log_failure(context, error)
            except BaseException as torn:
                self._leave(torn)
                raise
            else:
                self._entered.append(context)

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._leave(error)

    def _leave(self, error: BaseException | None) -> None:
        torn: BaseException | None = None
        for context in reversed(self._entered):
            ending = torn or error
            try:
                if ending is None:
                    context.__exit__(None, None, None)
                else:
                    context.__exit__(type(ending), ending, ending.__traceback__)
            except Exception as own:
                if own is not ending:
                    _log_failure(context, own)
            except BaseException as own:
                if own is not ending:
                    torn = own
        if torn:
            raise torn


def _log_failure(whose: object, error: Exception) -> None:
    """Log that an observer failed; each kind once, for it may fail at every step."""
    text = safe_text(error)
    kind = type(whose), type(error), text
    if kind not in _logged and len(_logged) < _MAX_TOLD:
        _logged.add(kind)
        log.error("an observer failed, and is passed over: %s", text, exc_info=error)


#: What was logged already.
_logged: set[tuple[type, type, str]] = set()
_MAX_TOLD = 100
