"""The books: resets, double bookings, the audit and the figures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from booking_lab.db import stats
from booking_lab.reset import reset
from booking_lab.web.fields import EventId, Query
from booking_lab.web.problems import documented
from booking_lab.web.state import reading
from booking_lab.workloads.seats import Seats

books = APIBlueprint("books", __name__, url_prefix="/admin", abp_tags=[Tag(name="admin")])

_SEATS = Seats()
_ERRORS = documented(401, 503)


class EventQuery(Query):
    """The event that is meant."""

    event_id: EventId


class Reset(BaseModel):
    """A reset's answer."""

    message: str
    event_id: int
    cleared: int


class DoubleBookings(BaseModel):
    """Seats with more than one confirmed booking."""

    double_bookings: list[dict[str, Any]]
    count: int


class Audit(BaseModel):
    """Where seats, bookings, owners and answers disagree."""

    consistent: bool
    count: int
    findings: list[dict[str, str]]


class Totals(BaseModel):
    """All strategies together."""

    confirmed: int
    failed: int
    double_booked: int
    overlapping: int
    total: int


class StrategyFigures(BaseModel):
    """One strategy's figures; times in milliseconds.

    ``overlapping`` counts the bookings that were under way while another one of the same thing was
    being confirmed. As long as it is 0, no double booking could have happened.
    """

    strategy: str
    confirmed: int
    failed: int
    refused: int
    conflict: int
    timeout: int
    unknown: int
    error: int
    total: int
    overlapping: int
    retries: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    waited_p95_ms: float | None
    held_p95_ms: float | None


class Stats(BaseModel):
    """Figures since the last reset."""

    totals: Totals
    by_strategy: list[StrategyFigures]
    current_strategy: str


@books.post("/reset", responses={200: Reset, **documented(401, 404, 413, 422, 503)})
def reset_event(query: EventQuery) -> dict[str, Any]:
    """Free all seats of an event and forget its bookings.

    A booking that began before never shows up after.
    """
    with reading() as (session, _):
        cleared = reset(session, _SEATS, str(query.event_id))
    return {
        "message": f"Event {query.event_id} is reset; {cleared} bookings are gone.",
        "event_id": query.event_id,
        "cleared": cleared,
    }


@books.get("/double-bookings", responses={200: DoubleBookings, **_ERRORS})
def double_bookings() -> dict[str, Any]:
    """Seats that more than one customer was promised, from the booking rows."""
    with reading() as (session, _):
        found = _SEATS.violations(session)
    return {"double_bookings": found, "count": len(found)}


@books.get("/audit", responses={200: Audit, **_ERRORS})
def audit() -> dict[str, Any]:
    """Whether booked seats, confirmed rows, owners and answers given agree."""
    with reading() as (session, _):
        findings = [asdict(finding) for finding in _SEATS.audit(session)]
    return {"consistent": not findings, "count": len(findings), "findings": findings}


@books.get("/stats", responses={200: Stats, **_ERRORS})
def get_stats() -> dict[str, Any]:
    """Counts and latencies by strategy, from the ledger."""
    with reading() as (session, current):
        figures = stats.by_strategy(session)
        double = _SEATS.violations(session)
    return {
        "totals": {
            "confirmed": sum(figure.confirmed for figure in figures),
            "failed": sum(figure.failed for figure in figures),
            "double_booked": len(double),
            "overlapping": sum(figure.overlapping for figure in figures),
            "total": sum(figure.total for figure in figures),
        },
        "by_strategy": [{**asdict(figure), "failed": figure.failed} for figure in figures],
        "current_strategy": current.strategy,
    }
