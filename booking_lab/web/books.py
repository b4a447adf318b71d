"""The books: what is wrong in them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict

from booking_lab.core.strategy import Anomaly
from booking_lab.web.fields import Query, ScopeQuery
from booking_lab.web.paging import MOST, Cursor, Limit, Paged, page
from booking_lab.web.problems import documented
from booking_lab.web.state import ask_workloads, check_scope, complete_ledger, reading
from booking_lab.workloads.seats import Seats

books = APIBlueprint("books", __name__, url_prefix="/admin", abp_tags=[Tag(name="admin")])

_SEATS = Seats()
_ERRORS = documented(401, 422, 503)


class DoubleBookingsQuery(Query):
    """Which part of the list to show."""

    limit: Limit = MOST
    cursor: Cursor = None


class BooksQuery(ScopeQuery):
    """The kind and scope that are meant, and which part of the list to show."""

    limit: Limit = MOST
    cursor: Cursor = None


class DoubleBookings(Paged):
    """Seats with more than one confirmed booking; ``count`` is ``total``."""

    double_bookings: list[dict[str, Any]]
    count: int


class Violation(BaseModel):
    """Something that was promised more often than it is there; each kind adds its own fields."""

    model_config = ConfigDict(extra="allow")

    kind: str
    anomaly: Anomaly
    scope: str
    subject: str


class Violations(Paged):
    """What was promised more often than it is there; ``count`` is ``total``."""

    violations: list[Violation]
    count: int


class AuditFinding(BaseModel):
    """Something that is wrong."""

    kind: str
    anomaly: Anomaly
    scope: str
    subject: str
    detail: str


class Audit(Paged):
    """Where things, bookings, owners and answers disagree; ``count`` is ``total``.

    ``silent`` names the workers that did not write their ledger in time: what they answered last
    isn't compared.
    """

    consistent: bool
    count: int
    findings: list[AuditFinding]
    silent: list[str]


@books.get("/double-bookings", responses={200: DoubleBookings, **_ERRORS})
def double_bookings(query: DoubleBookingsQuery) -> dict[str, Any]:
    """Seats that more than one customer was promised, from the booking rows."""
    with reading() as (session, _):
        found = _SEATS.violations(session)
    shown, where = page(found, query.limit, query.cursor)
    return {"double_bookings": shown, "count": len(found), **where.model_dump()}


@books.get("/violations", responses={200: Violations, **_ERRORS, **documented(404, 500)})
def violations(query: BooksQuery) -> dict[str, Any]:
    """What was promised more often than it is there, of every kind and scope or of one."""
    with reading() as (session, _):
        check_scope(session, query.kind, query.scope)
        asked = ask_workloads(lambda one: one.violations_in(session, query.scope), query.kind)
    found = [{"kind": kind, **violation} for kind, answer in asked.items() for violation in answer]
    shown, where = page(found, query.limit, query.cursor)
    return {"violations": shown, "count": len(found), **where.model_dump()}


@books.get("/audit", responses={200: Audit, **_ERRORS, **documented(404, 500)})
def audit(query: BooksQuery) -> dict[str, Any]:
    """Whether things, confirmed rows, owners and answers given agree, in every scope or in one."""
    silent = complete_ledger()
    with reading() as (session, _):
        check_scope(session, query.kind, query.scope)
        asked = ask_workloads(lambda one: one.findings(session, query.scope), query.kind)
    findings = [{"kind": kind, **asdict(one)} for kind, answer in asked.items() for one in answer]
    shown, where = page(findings, query.limit, query.cursor)
    return {
        "consistent": not findings,
        "count": len(findings),
        "findings": shown,
        "silent": silent,
        **where.model_dump(),
    }
