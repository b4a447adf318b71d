"""``/admin/audit``, ``/admin/violations`` and ``/admin/double-bookings``: inconsistencies."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.strategy import Anomaly
from booking_lab.core.workload import Session
from booking_lab.web.http.context import (
    BrokenKind,
    ask_workloads,
    check_scope,
    complete_ledger,
    read_session_and_selection,
    workload_of,
)
from booking_lab.web.http.problems import documented_problems
from booking_lab.web.schemas.fields import Query, ScopeQuery
from booking_lab.web.schemas.paging import MOST_ENTRIES, Cursor, Limit, Paged, page, truncated
from booking_lab.workloads.seats import Seats

audit_routes = APIBlueprint("audit", __name__, url_prefix="/admin", abp_tags=[Tag(name="admin")])

_ERRORS = documented_problems(401, 422, 503)


class DoubleBookingsQuery(Query):
    """The part of the list to show."""

    limit: Limit = MOST_ENTRIES
    cursor: Cursor = None


class AuditQuery(ScopeQuery):
    """The kind, the scope, and the part of the list to show."""

    limit: Limit = MOST_ENTRIES
    cursor: Cursor = None


class DoubleBookings(Paged):
    """Seats with more than one confirmed booking; ``count`` is ``total``."""

    double_bookings: list[dict[str, Any]]
    count: int


class Violation(BaseModel):
    """A thing that more customers were promised than there are; each kind adds its own fields."""

    model_config = ConfigDict(extra="allow")

    kind: str
    anomaly: Anomaly
    scope: str
    subject: str


class Violations(Paged):
    """Things that more customers were promised than there are; ``count`` is ``total``.

    ``broken`` lists the kinds that could not be checked because their own code failed.
    """

    violations: list[Violation]
    count: int
    broken: list[BrokenKind]


class AuditFinding(BaseModel):
    """An inconsistency."""

    kind: str
    anomaly: Anomaly
    scope: str
    subject: str
    detail: str


class Audit(Paged):
    """Disagreements between things, bookings, owners and answers; ``count`` is ``total``.

    ``silent`` lists the workers that did not write their ledger in time: their last answers are not
    compared. ``broken`` lists the kinds that could not be audited because their own code failed:
    ``consistent`` is false then.
    """

    consistent: bool
    count: int
    findings: list[AuditFinding]
    silent: list[str]
    broken: list[BrokenKind]


@audit_routes.get("/double-bookings", responses={200: DoubleBookings, **_ERRORS})
def double_bookings(query: DoubleBookingsQuery) -> dict[str, Any]:
    """Seats with more than one confirmed booking, from the booking rows."""
    with read_session_and_selection() as (session, _):
        found = workload_of(Seats).violations(session)
    shown, where = page(found, query.limit, query.cursor)
    return {
        "double_bookings": [truncated(one) for one in shown],
        "count": len(found),
        **where.model_dump(),
    }


@audit_routes.get(
    "/violations", responses={200: Violations, **_ERRORS, **documented_problems(404, 500)}
)
def violations(query: AuditQuery) -> dict[str, Any]:
    """Things that more customers were promised than there are; of all scopes, or of one."""
    with read_session_and_selection() as (session, _):
        check_scope(session, query.kind, query.scope)
        asked, broken = ask_workloads(
            lambda one: _violations(one, session, query.scope), query.kind
        )
    found = [violation for answer in asked.values() for violation in answer]
    shown, where = page(found, query.limit, query.cursor)
    return {
        "violations": [truncated(one) for one in shown],
        "count": len(found),
        "broken": [one.model_dump() for one in broken],
        **where.model_dump(),
    }


def _violations(workload: LabWorkload, session: Session, scope: str | None) -> list[dict[str, Any]]:
    found = workload.violations_in(session, scope)
    return [Violation(kind=workload.name, **one).model_dump(mode="json") for one in found]


@audit_routes.get("/audit", responses={200: Audit, **_ERRORS, **documented_problems(404, 500)})
def audit(query: AuditQuery) -> dict[str, Any]:
    """Whether things, confirmed rows, owners and answers agree; in all scopes, or in one."""
    silent = complete_ledger()
    with read_session_and_selection() as (session, _):
        check_scope(session, query.kind, query.scope)
        asked, broken = ask_workloads(lambda one: _findings(one, session, query.scope), query.kind)
    findings = [finding for answer in asked.values() for finding in answer]
    shown, where = page(findings, query.limit, query.cursor)
    return {
        "consistent": not findings and not broken,
        "count": len(findings),
        "findings": [truncated(one) for one in shown],
        "silent": silent,
        "broken": [one.model_dump() for one in broken],
        **where.model_dump(),
    }


def _findings(workload: LabWorkload, session: Session, scope: str | None) -> list[dict[str, Any]]:
    found = workload.findings(session, scope)
    return [
        AuditFinding(kind=workload.name, **asdict(one)).model_dump(mode="json") for one in found
    ]
