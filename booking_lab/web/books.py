"""The books: what is wrong in them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict

from booking_lab.core.strategy import Anomaly
from booking_lab.web.fields import KindQuery
from booking_lab.web.problems import documented
from booking_lab.web.state import ask_workloads, reading
from booking_lab.workloads.seats import Seats

books = APIBlueprint("books", __name__, url_prefix="/admin", abp_tags=[Tag(name="admin")])

_SEATS = Seats()
_ERRORS = documented(401, 503)


class DoubleBookings(BaseModel):
    """Seats with more than one confirmed booking."""

    double_bookings: list[dict[str, Any]]
    count: int


class Violation(BaseModel):
    """Something that was promised more often than it is there; each kind adds its own fields."""

    model_config = ConfigDict(extra="allow")

    kind: str
    anomaly: Anomaly
    scope: str
    subject: str


class Violations(BaseModel):
    """What was promised more often than it is there."""

    violations: list[Violation]
    count: int


class AuditFinding(BaseModel):
    """Something that is wrong."""

    kind: str
    anomaly: Anomaly
    scope: str
    subject: str
    detail: str


class Audit(BaseModel):
    """Where things, bookings, owners and answers disagree."""

    consistent: bool
    count: int
    findings: list[AuditFinding]


@books.get("/double-bookings", responses={200: DoubleBookings, **_ERRORS})
def double_bookings() -> dict[str, Any]:
    """Seats that more than one customer was promised, from the booking rows."""
    with reading() as (session, _):
        found = _SEATS.violations(session)
    return {"double_bookings": found, "count": len(found)}


@books.get("/violations", responses={200: Violations, **_ERRORS, **documented(422, 500)})
def violations(query: KindQuery) -> dict[str, Any]:
    """What was promised more often than it is there, of every kind or of one."""
    with reading() as (session, _):
        asked = ask_workloads(lambda one: one.violations(session), query.kind)
    found = [{"kind": kind, **violation} for kind, answer in asked.items() for violation in answer]
    return {"violations": found, "count": len(found)}


@books.get("/audit", responses={200: Audit, **_ERRORS, **documented(422, 500)})
def audit(query: KindQuery) -> dict[str, Any]:
    """Whether things, confirmed rows, owners and answers given agree, of every kind or of one."""
    with reading() as (session, _):
        asked = ask_workloads(lambda one: one.findings(session), query.kind)
    findings = [{"kind": kind, **asdict(one)} for kind, answer in asked.items() for one in answer]
    return {"consistent": not findings, "count": len(findings), "findings": findings}
