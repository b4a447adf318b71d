"""``/admin/stats``: counts and latencies of bookings by strategy."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from booking_lab.db import stats
from booking_lab.web.http.context import (
    BrokenKind,
    ask_workloads,
    check_scope,
    complete_ledger,
    read_session_and_selection,
)
from booking_lab.web.http.problems import documented_problems
from booking_lab.web.schemas.fields import ScopeQuery

stats_routes = APIBlueprint("stats", __name__, url_prefix="/admin", abp_tags=[Tag(name="admin")])


class Totals(BaseModel):
    """Counts of all strategies together.

    ``double_booked`` counts the things that more customers were promised than there are.
    """

    confirmed: int
    failed: int
    double_booked: int
    overlapping: int
    total: int


class StrategyFigures(BaseModel):
    """Counts and latencies of one strategy; times are in milliseconds.

    ``overlapping`` counts the bookings that were under way while another booking of the same thing
    was being confirmed. While it is 0, there was no race, and nothing could have gone wrong.
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
    """Figures since the last reset.

    ``silent`` lists the workers that did not write their ledger in time: their last answers are
    missing. ``broken`` lists the kinds whose own code failed: their double bookings are not
    counted. ``complete`` is false in both cases, and while the background threads have not yet
    added up all rows of the ledger.
    """

    complete: bool
    silent: list[str]
    broken: list[BrokenKind]
    totals: Totals
    by_strategy: list[StrategyFigures]
    current_strategy: str


@stats_routes.get("/stats", responses={200: Stats, **documented_problems(401, 404, 422, 500, 503)})
def get_stats(query: ScopeQuery) -> dict[str, Any]:
    """Counts and latencies by strategy, from the ledger; of all bookings, a kind, or a scope."""
    silent = complete_ledger()
    with read_session_and_selection() as (session, current):
        check_scope(session, query.kind, query.scope)
        each, complete = stats.by_strategy(session, query.kind, query.scope)
        violations, broken = ask_workloads(
            lambda one: len(one.violations_in(session, query.scope)), query.kind
        )
    return {
        "complete": complete and not silent and not broken,
        "silent": silent,
        "broken": [one.model_dump() for one in broken],
        "totals": {
            "confirmed": sum(one.confirmed for one in each),
            "failed": sum(one.failed for one in each),
            "double_booked": sum(violations.values()),
            "overlapping": sum(one.overlapping for one in each),
            "total": sum(one.total for one in each),
        },
        "by_strategy": [{**asdict(one), "failed": one.failed} for one in each],
        "current_strategy": current.strategy,
    }
