"""The interface of observers, which watch bookings and their steps."""

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
    """A step of a try, as observers get it.

    Attributes:
        kind: the kind of step.
        detail: a short text for readers, such as ``row lock`` or ``versions``.
        booking: the booking that it belongs to.
        attempt: the number of the try, from 1.
        session: the id of the server process of the try's connection; 0 if there is none.
        name: the name, if observers or the explorer treat this step in a special way.
    """

    kind: StepKind
    detail: str
    booking: Booking
    attempt: int
    session: int
    name: StepName | None = None


#: The value that an observer returns for a booking or a step that it does not watch.
NOT_WATCHED: AbstractContextManager[None] = nullcontext()


class Observer:
    """Base class of observers; a subclass overrides ``booking``, ``step`` or both.

    Measuring, tracing, think time and the barrier of a race are observers. No other code of the lab
    measures, sleeps on purpose or injects faults. Exceptions of the watched block pass through.

    An observer can prevent a booking or a step: it raises one of the lab's errors before the block.
    Any other error of an observer is logged, and changes nothing for the booking and the other
    observers. The same is true for every error after the block, when nothing can be prevented.
    """

    def booking(self, booking: Booking) -> AbstractContextManager[object]:  # noqa: ARG002
        """Return a context manager for the whole booking, including all tries."""
        return NOT_WATCHED

    def step(self, step: Step) -> AbstractContextManager[object]:  # noqa: ARG002
        """Return a context manager for the time in which ``step`` runs."""
        return NOT_WATCHED


def watch_step(observers: Sequence[Observer], step: Step) -> AbstractContextManager[object]:
    """Let ``observers`` watch the block as ``step``; the first is entered first and left last."""
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
    """The context managers of several observers, as one.

    Each step needs one of these; a generator or an ExitStack would be slower.
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
            except BaseException as interruption:
                self._leave(interruption)
                raise
            else:
                self._entered.append(context)

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._leave(error)

    def _leave(self, error: BaseException | None) -> None:
        interruption: BaseException | None = None
        for context in reversed(self._entered):
            ending = interruption or error
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
                    interruption = own
        if interruption:
            raise interruption


def _log_failure(whose: object, error: Exception) -> None:
    """Log that an observer failed. Each kind of failure once: it may occur at every step."""
    text = safe_text(error)
    kind = type(whose), type(error), text
    if kind not in _logged and len(_logged) < _MAX_TOLD:
        _logged.add(kind)
        log.error("an observer failed, and is ignored: %s", text, exc_info=error)


#: The failures that were logged.
_logged: set[tuple[type, type, str]] = set()
_MAX_TOLD = 100
