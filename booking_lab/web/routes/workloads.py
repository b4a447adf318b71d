"""``/admin/workloads``: request fields, capabilities and scopes of each workload."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from booking_lab.core.capability import capabilities_of
from booking_lab.db.session import PostgresSession
from booking_lab.errors import PluginFault
from booking_lab.web.http.context import ask_workload, lab, read_session_and_selection
from booking_lab.web.http.problems import documented_problems
from booking_lab.web.routes.strategies import BrokenFile
from booking_lab.web.schemas.fields import KindQuery
from booking_lab.web.schemas.paging import MOST_ENTRIES, Cursor, Limit, page
from booking_lab.web.schemas.workload_schema import WorkloadSchema, WorkloadSchemas
from booking_lab.workloads import summary


class WorkloadEntry(BaseModel):
    """A workload: its summary, the fields of its requests, its capabilities and its scopes.

    ``available`` has the number of free things by scope, ``scopes`` the number of all scopes, and
    ``next`` the cursor for the next scopes, or null.
    """

    name: str
    summary: str
    source: str
    fields: list[dict[str, Any]]
    capabilities: list[str]
    available: dict[str, int]
    scopes: int
    next: str | None


class WorkloadsQuery(KindQuery):
    """The kind to show, and the part of its scopes."""

    limit: Limit = MOST_ENTRIES
    cursor: Cursor = None


class WorkloadList(BaseModel):
    """All workloads, and the files that can't be loaded."""

    workloads: list[WorkloadEntry]
    broken: list[BrokenFile]


def blueprint(kinds: WorkloadSchemas) -> APIBlueprint:
    """Return the blueprint, which shows ``kinds``."""
    workloads = APIBlueprint("workloads", __name__, abp_tags=[Tag(name="admin")])

    @workloads.get(
        "/admin/workloads", responses={200: WorkloadList, **documented_problems(401, 422, 503)}
    )
    def list_workloads(query: WorkloadsQuery) -> dict[str, Any]:
        """All kinds of booking, the free things of each, and the files that can't be loaded."""
        broken = [asdict(one) for one in lab().workloads.load_failures()]
        shown = []
        with read_session_and_selection() as (session, _):
            asked = [kinds.get(query.kind)] if query.kind else kinds.all().values()
            for kind in asked:
                try:
                    shown.append(_entry(kind, session, query))
                except PluginFault as error:
                    source = lab().workloads.source(kind.workload.name)
                    broken.append({"file": source, "reason": error.message})
        return {"workloads": shown, "broken": broken}

    return workloads


def _entry(kind: WorkloadSchema, session: PostgresSession, query: WorkloadsQuery) -> dict[str, Any]:
    workload = kind.workload
    left = ask_workload(
        lambda one: {str(scope): int(n) for scope, n in one.available(session).items()}, workload
    )
    scopes, where = page(sorted(left.items()), query.limit, query.cursor)
    return {
        "name": workload.name,
        "summary": summary(workload),
        "source": lab().workloads.source(workload.name),
        "fields": _fields(kind),
        "capabilities": sorted(capabilities_of(workload)),
        "available": dict(scopes),
        "scopes": where.total,
        "next": where.next,
    }


def _fields(kind: WorkloadSchema) -> list[dict[str, Any]]:
    schema = kind.fields.model_json_schema()
    required = set(schema.get("required", ()))
    return [
        {"name": name, "required": name in required, **about}
        for name, about in schema.get("properties", {}).items()
    ]
