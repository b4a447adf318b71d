"""The admin API: switch, think time, reset, double bookings, audit, stats."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from booking_lab import selection
from booking_lab.db import stats
from booking_lab.reset import reset
from booking_lab.selection import Switched
from booking_lab.web.fields import Body, EventId, Options, Query, StrategyName
from booking_lab.web.problems import documented
from booking_lab.web.state import lab, reading
from booking_lab.workloads.seats import Seats

admin = APIBlueprint("admin", __name__, url_prefix="/admin", abp_tags=[Tag(name="admin")])

_SEATS = Seats()
_ERRORS = documented(401, 503)
_BODY_ERRORS = documented(400, 401, 413, 415, 422, 503)


class StrategyBody(Body):
    """The strategy to switch to, and its options; defaults for those left out."""

    strategy: StrategyName
    options: Options = Field(default_factory=dict)


class ThinkTimeBody(Body):
    """The race window, in milliseconds."""

    think_time_ms: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False, examples=[50])]


class EventQuery(Query):
    """The event that is meant."""

    event_id: EventId


class CurrentStrategy(BaseModel):
    """What the next booking runs under."""

    strategy: str
    options: dict[str, Any]
    think_time_ms: float
    epoch: int


class StrategySwitched(BaseModel):
    """``drained`` says whether all bookings of the epochs before are done."""

    old_strategy: str
    new_strategy: str
    options: dict[str, Any]
    epoch: int
    drained: bool


class ThinkTime(BaseModel):
    """The race window, in milliseconds."""

    think_time_ms: float
    epoch: int


class ThinkTimeSwitched(BaseModel):
    """The race window before and now."""

    old_think_time_ms: float
    think_time_ms: float
    epoch: int
    drained: bool


class StrategyEntry(BaseModel):
    """A strategy: its words, its options, its limits."""

    name: str
    summary: str
    description: str
    options: list[dict[str, Any]]
    allows: list[str]
    needs: list[str]


class BrokenFile(BaseModel):
    """A file that holds no usable strategy, and why."""

    file: str
    reason: str


class StrategyList(BaseModel):
    """All strategies there are."""

    strategies: list[StrategyEntry]
    broken: list[BrokenFile]


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


@admin.get("/strategy", responses={200: CurrentStrategy, **_ERRORS})
def get_strategy() -> dict[str, Any]:
    """The strategy that the next booking runs under."""
    with reading() as (_, current):
        entry, strategy = lab().registry.selected(current)
        return {
            "strategy": current.strategy,
            "options": entry.given(strategy),
            "think_time_ms": current.think_time_ms,
            "epoch": current.epoch,
        }


@admin.post("/strategy", responses={200: StrategySwitched, **_BODY_ERRORS})
def set_strategy(body: StrategyBody) -> dict[str, Any]:
    """Switch the strategy, everywhere.

    A booking that starts after this has answered runs the new one, in every worker and instance.
    """
    entry = lab().registry.get(body.strategy)
    options = entry.given(entry.make(body.options))
    switched, drained = _switch(strategy=body.strategy, options=options)
    return {
        "old_strategy": switched.before.strategy,
        "new_strategy": body.strategy,
        "options": options,
        "epoch": switched.after.epoch,
        "drained": drained,
    }


@admin.get("/think-time", responses={200: ThinkTime, **_ERRORS})
def get_think_time() -> dict[str, Any]:
    """The race window between decide and write."""
    with reading() as (_, current):
        return {"think_time_ms": current.think_time_ms, "epoch": current.epoch}


@admin.post("/think-time", responses={200: ThinkTimeSwitched, **_BODY_ERRORS})
def set_think_time(body: ThinkTimeBody) -> dict[str, Any]:
    """Set the race window, everywhere."""
    switched, drained = _switch(think_time_ms=body.think_time_ms)
    return {
        "old_think_time_ms": switched.before.think_time_ms,
        "think_time_ms": switched.after.think_time_ms,
        "epoch": switched.after.epoch,
        "drained": drained,
    }


@admin.get("/strategies", responses={200: StrategyList, **_ERRORS})
def list_strategies() -> dict[str, Any]:
    """The strategies there are, and the files that hold none."""
    registry = lab().registry
    return {
        "strategies": [
            {
                "name": entry.name,
                "summary": entry.summary,
                "description": entry.description,
                "options": entry.options,
                "allows": sorted(entry.kind.allows),
                "needs": sorted(entry.kind.needs),
            }
            for entry in registry.entries()
        ],
        "broken": [asdict(broken) for broken in registry.broken()],
    }


@admin.post("/reset", responses={200: Reset, **documented(401, 404, 413, 422, 503)})
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


@admin.get("/double-bookings", responses={200: DoubleBookings, **_ERRORS})
def double_bookings() -> dict[str, Any]:
    """Seats that more than one customer was promised, from the booking rows."""
    with reading() as (session, _):
        found = _SEATS.violations(session)
    return {"double_bookings": found, "count": len(found)}


@admin.get("/audit", responses={200: Audit, **_ERRORS})
def audit() -> dict[str, Any]:
    """Whether booked seats, confirmed rows, owners and answers given agree."""
    with reading() as (session, _):
        findings = [asdict(finding) for finding in _SEATS.audit(session)]
    return {"consistent": not findings, "count": len(findings), "findings": findings}


@admin.get("/stats", responses={200: Stats, **_ERRORS})
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


def _switch(**changes: Any) -> tuple[Switched, bool]:
    with reading() as (session, _):
        switched = selection.switch(session, **changes)
        drained = selection.wait_drained(
            session, switched.after.epoch, lab().settings.drain_seconds
        )
    return switched, drained
