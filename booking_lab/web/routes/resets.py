"""``/admin/reset``: deletes the bookings of a scope."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from booking_lab.db import seen_violations
from booking_lab.errors import EventNotFound, InvalidRequest, NotFound, PluginFault
from booking_lab.runtime.reset import reset
from booking_lab.web.http.context import ask_workload, lab, slot_for_waiting
from booking_lab.web.http.problems import documented_problems
from booking_lab.web.schemas.fields import KindQuery, Scope
from booking_lab.workloads.seats import Seats
from booking_lab.workloads.seats.requests import EventId

reset_routes = APIBlueprint("resets", __name__, url_prefix="/admin", abp_tags=[Tag(name="admin")])


class ResetQuery(KindQuery):
    """The scope to reset: an event of seats by ``event_id``, or a ``scope`` of any ``kind``."""

    event_id: EventId | None = Field(None, json_schema_extra={"example": 1})
    scope: Scope | None = None


class Reset(BaseModel):
    """The answer to a reset; ``event_id`` is null unless the request named the event by it."""

    message: str
    kind: str
    scope: str
    event_id: int | None
    cleared: int


@reset_routes.post("/reset", responses={200: Reset, **documented_problems(401, 404, 413, 422, 503)})
def reset_scope(query: ResetQuery) -> dict[str, Any]:
    """Delete the bookings of an event, or of another scope of any kind.

    A booking that began before the reset is never confirmed after it.
    """
    kind, scope = _scope_of(query)
    workload = lab().workloads.get(kind)
    with slot_for_waiting() as connect, connect() as session:
        with suppress(PluginFault):  # a workload whose check fails can still be reset
            # The reset deletes the violations, so they are counted before it.
            ask_workload(
                lambda one: seen_violations.record(
                    session, kind, one.violations_in(session, scope)
                ),
                workload,
            )
        try:
            cleared = reset(session, workload, scope, lab().history)
        except NotFound:
            if query.event_id is None:
                raise
            raise EventNotFound(
                f"There is no event {query.event_id}; GET /events lists them."
            ) from None
    what = f"Scope {scope} of {kind}" if query.event_id is None else f"Event {scope}"
    return {
        "message": f"{what} is reset; {cleared} bookings are gone.",
        "kind": kind,
        "scope": scope,
        "event_id": query.event_id,
        "cleared": cleared,
    }


def _scope_of(query: ResetQuery) -> tuple[str, str]:
    if query.event_id is not None and query.kind is None and query.scope is None:
        return Seats.name, str(query.event_id)
    if query.event_id is None and query.kind is not None and query.scope is not None:
        return query.kind, query.scope
    raise InvalidRequest(
        "Name the scope to reset: ?event_id=1 for the seats of an event, or ?kind=...&scope=... "
        "for any scope; GET /admin/workloads lists the scopes."
    )
