"""The errors of the lab. They have one base class, a stable code each, and a default message.

The default message is the docstring of the class.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from typing import ClassVar

#: Characters of a plug-in's text that are shown at most.
MAX_SHOWN = 2000


def safe_text(value: object, render: Callable[[object], str] = repr) -> str:
    """Return a text for an error or a value of a plug-in, whose own code for it may fail."""
    try:
        text = render(value)
    except Exception:
        return f"{type(value).__name__}, which can't be shown"
    if len(text) <= MAX_SHOWN:
        return text
    return f"{text[:MAX_SHOWN]} ... (cut: {len(text):,} characters)"


class Outcome(StrEnum):
    """The outcome of a booking."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    CONFLICT = "conflict"
    TIMEOUT = "timeout"
    UNKNOWN = "unknown"
    ERROR = "error"


class BookingLabError(Exception):
    """Something went wrong in the lab.

    Attributes:
        code: a stable word for the error.
        outcome: the outcome of a booking that this error ends.
        status: the HTTP status of the answer.

    >>> error = SoldOut("Two desks are left.")
    >>> error.code, error.message
    ('sold_out', 'Two desks are left.')
    >>> NotHeld().message
    'The booking was changed meanwhile; look at what it is now.'
    >>> issubclass(NotHeld, Refused), issubclass(Conflict, Retryable)
    (True, True)
    """

    code: ClassVar[str] = "error"
    outcome: ClassVar[Outcome] = Outcome.ERROR
    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, message: str | None = None) -> None:
        about = inspect.cleandoc(type(self).__doc__ or "")
        super().__init__(message or about.partition("\n\n")[0])

    @property
    def message(self) -> str:
        """The text for readers: what was wrong, and what to do."""
        return str(self)


def lab_kind(error: BookingLabError) -> type[BookingLabError]:
    """Return the class of ``error``, or the nearest base class that belongs to the lab.

    The attributes of a plug-in's own class, such as ``status``, can have any value.
    """
    return next(kind for kind in type(error).__mro__ if kind.__module__ == __name__)


class ConfigurationError(BookingLabError):
    """A setting is wrong."""

    code = "configuration"


# --- requests that the lab cannot even try ---------------------------------------------------


class InvalidRequest(BookingLabError):
    """The request makes no sense."""

    code = "invalid_request"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class UnknownStrategy(InvalidRequest):
    """There is no such strategy; GET /admin/strategies lists them."""

    code = "unknown_strategy"


class InvalidOptions(InvalidRequest):
    """The strategy does not take these options."""

    code = "invalid_options"


class Unsuitable(InvalidRequest):
    """This can't be booked under this strategy."""

    code = "unsuitable"


class UnknownKind(InvalidRequest):
    """There is no such kind of booking."""

    code = "unknown_kind"


class NotFound(BookingLabError):
    """There is no such thing."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND


class EventNotFound(NotFound):
    """There is no such event; GET /events lists them."""

    code = "event_not_found"


class SeatNotFound(NotFound):
    """There is no such seat; GET /events/{id}/seats lists them."""

    code = "seat_not_found"


class BookingNotFound(NotFound):
    """There is no such booking; GET /api/bookings lists them."""

    code = "booking_not_found"


class RaceUnderWay(BookingLabError):
    """Another race is under way; one runs at a time."""

    code = "race_under_way"
    status = HTTPStatus.CONFLICT


class Overloaded(BookingLabError):
    """Too many bookings wait in this worker already; try again shortly."""

    code = "overloaded"
    status = HTTPStatus.SERVICE_UNAVAILABLE


# --- how a booking can end without a confirmation ---------------------------------------------


class Refused(BookingLabError):
    """The booking was refused."""

    code = "refused"
    outcome = Outcome.REFUSED
    status = HTTPStatus.CONFLICT


class Violated(Refused):
    """A constraint of the database refused the booking.

    Attributes:
        constraint: the name of the constraint.
    """

    def __init__(self, constraint: str | None = None) -> None:
        super().__init__("A constraint of the database refused the booking.")
        self.constraint = constraint


class Taken(Refused):
    """The thing is booked already."""

    code = "seat_taken"


class SoldOut(Refused):
    """Not enough is left."""

    code = "sold_out"


class Overlaps(Refused):
    """The time overlaps with another booking."""

    code = "overlaps"


class NotHeld(Refused):
    """The booking was changed meanwhile; look at what it is now."""

    code = "not_held"


class Retryable(BookingLabError):
    """Another booking was faster at the same thing; nothing was booked. Try again."""

    code = "conflict"
    outcome = Outcome.CONFLICT
    status = HTTPStatus.CONFLICT


class Conflict(Retryable):
    """A version changed between read and write; nothing was booked. Try again."""


class FencedOff(Conflict):
    """A newer holder of the lock has registered; nothing was booked. Try again."""


class LeaseEnded(Conflict):
    """A lock may have ended while another one was waited for; nothing was booked. Try again."""


class Busy(Retryable):
    """Another customer is booking this right now; nothing was booked. Try again."""

    code = "busy"


class SerializationFailure(Retryable):
    """PostgreSQL could not serialize the transaction (40001); nothing was booked. Try again."""


class DeadlockDetected(Retryable):
    """PostgreSQL broke a deadlock (40P01); nothing was booked. Try again."""


class Superseded(BookingLabError):
    """The event was reset while this booking was under way; nothing was booked. Try again."""

    code = "reset"
    outcome = Outcome.CONFLICT
    status = HTTPStatus.CONFLICT


class TimedOut(BookingLabError):
    """A wait took too long; nothing was booked. Try again."""

    code = "timeout"
    outcome = Outcome.TIMEOUT
    status = HTTPStatus.SERVICE_UNAVAILABLE


class LockTimeout(TimedOut):
    """The wait for a lock took too long; nothing was booked. Try again."""

    code = "lock_timeout"


class PoolTimeout(TimedOut):
    """No database connection came free in time; nothing was booked. Try again."""

    code = "pool_timeout"


class Unavailable(BookingLabError):
    """A server that the lab needs does not answer; nothing was booked. Try again.

    Attributes:
        reason: the reason for the operator, from the server or from the connection; may be empty.
        answered: whether the reason comes from the server itself.
    """

    code = "unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(
        self, message: str | None = None, reason: str = "", *, answered: bool = False
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.answered = answered


class DatabaseUnavailable(Unavailable):
    """PostgreSQL does not answer; nothing was booked. Try again."""

    code = "database_unavailable"


class DatabaseSilent(DatabaseUnavailable):
    """PostgreSQL has not answered in time, as if frozen; nothing was booked. Try again."""


class RedisUnavailable(Unavailable):
    """Redis does not answer, and this strategy needs it; nothing was booked. Try again."""

    code = "redis_unavailable"


class CommitUnknown(BookingLabError):
    """The connection was lost while COMMIT was on its way; the booking may be confirmed or not."""

    code = "outcome_unknown"
    outcome = Outcome.UNKNOWN
    status = HTTPStatus.SERVICE_UNAVAILABLE


class BookerInterrupted(BaseException):
    """A booker is interrupted in the middle of its work. Strategies must not catch it."""


class StartOver(Exception):
    """The lab was switched or reset after the booking began, so the booking begins again.

    It is never an answer to a customer: nothing was done yet.
    """


# --- strategies and plug-ins with errors -------------------------------------------------------


class PluginFault(BookingLabError):
    """A file holds no usable plug-in."""

    code = "plugin_fault"


class StrategyFault(BookingLabError):
    """The strategy's code is at fault."""

    code = "strategy_fault"
