"""The answer to a booking, confirmed or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response
from pydantic import BaseModel

from booking_lab.core.booking import Booking, Outcome
from booking_lab.errors import Unavailable
from booking_lab.web.http.problems import MEDIA_TYPE, ProblemDetails, problem


class BookingResult(BaseModel):
    """The fields of the answer to every booking, for all kinds and outcomes."""

    message: str
    customer_id: str
    strategy: str
    options: dict[str, Any]
    epoch: int
    outcome: Outcome
    attempt_id: str
    tries: int
    waited_ms: float
    held_ms: float
    total_ms: float
    worker: str
    trace_id: str


def payload(done: Booking, thing: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the answer; ``thing`` has the fields that name the booked thing."""
    request, timing = done.request, done.timing
    return {
        "message": done.message,
        "customer_id": request.customer_id,
        **thing,
        "strategy": done.strategy.name,
        "options": done.options,
        "epoch": done.epoch,
        "outcome": done.outcome,
        "attempt_id": str(request.id),
        "tries": done.tries,
        "waited_ms": round(timing.waited * 1000, 3),
        "held_ms": round(timing.held * 1000, 3),
        "total_ms": round((timing.total or 0) * 1000, 3),
        "worker": done.worker,
        "trace_id": done.trace_id,
    }


def failure(done: Booking, thing: dict[str, Any]) -> Response:
    """Return the answer for a booking that wasn't confirmed."""
    more = {**payload(done, thing), "status": "failed"}
    return problem(status_of(done), done.code, done.message, **more)


def status_of(done: Booking) -> int:
    """Return the HTTP status for a booking that wasn't confirmed."""
    assert done.error
    return done.error.status


def check_server_reached(bookings: Sequence[Booking]) -> None:
    """Check that at least one of ``bookings`` reached its servers.

    Raises:
        Unavailable: all of them failed because a server was away.
    """
    if all(one.error and issubclass(one.error, Unavailable) for one in bookings):
        first = bookings[0]
        assert first.error
        raise first.error(first.message)


def documented_failures(model: type[BaseModel]) -> dict[Any, Any]:
    """Return the OpenAPI responses of bookings that fail: ``model``, or plain problem details."""
    names = (model.__name__, ProblemDetails.__name__)
    either = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return {
        status: {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, description, schema in (
            (409, "refused, or lost to another booking", {"anyOf": either}),
            (500, "the strategy's code failed", {"anyOf": either}),
            (503, "timed out, unknown, or a server is away", {"anyOf": either}),
        )
    }
