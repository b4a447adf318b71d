"""The figures: how the bookings under each strategy went."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from booking_lab.db import stats
from booking_lab.web.problems import documented
from booking_lab.web.state import ask_workloads, reading

figures = APIBlueprint("figures", __name__, url_prefix="/admin", abp_tags=[Tag(name="admin")])


class Totals(BaseModel):
    """All strategies and all kinds together.

    ``double_booked`` counts what was promised more often than it is there.
    """

    confirmed: int
    failed: int
    double_booked: int
    overlapping: int
    total: int


class StrategyFigures(BaseModel):
    """One strategy's figures; times in milliseconds.

    ``overlapping`` counts the bookings that were under way while another one of the same thing was
    being confirmed. As long as it is 0, nothing could have gone wrong.
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


@figures.get("/stats", responses={200: Stats, **documented(401, 500, 503)})
def get_stats() -> dict[str, Any]:
    """Counts and latencies by strategy, from the ledger."""
    with reading() as (session, current):
        each = stats.by_strategy(session)
        violations = ask_workloads(lambda one: len(one.violations(session)))
    return {
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
