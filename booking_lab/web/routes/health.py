"""``/health`` and ``/ready``: liveness and readiness."""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from booking_lab.errors import BookingLabError, Unavailable
from booking_lab.locks import redis_lock
from booking_lab.web.http.context import lab

health_routes = APIBlueprint("health", __name__, abp_tags=[Tag(name="health")])


class Health(BaseModel):
    """The process answers."""

    status: str
    worker: str


class Ready(BaseModel):
    """The state of everything that bookings need.

    Without Redis, the strategies that don't need it go on working. ``problems`` has an entry for
    each problem, with the message of the server concerned.
    """

    status: str
    database: bool
    redis: bool
    housekeeping: bool
    draining: bool
    problems: list[str]


@health_routes.get("/health", responses={200: Health})
def alive() -> dict[str, str]:
    """Whether this process answers."""
    return {"status": "ok", "worker": lab().worker}


@health_routes.get("/ready", responses={200: Ready, 503: Ready})
def ready() -> tuple[dict[str, Any], int]:
    """Whether bookings can be made here: PostgreSQL takes a write, and no stop is under way.

    Redis is checked with a script that writes, as strategies write.

    ``housekeeping`` is true while the background threads of this worker live. They write the
    ledger, complete switches and repair counters.

    Redlock's servers are not checked. Bookings go on without them, and a frozen server would delay
    this answer, so that a balancer would think that the lab itself is down.
    """
    database, redis, draining = _database_problem(), redis_problem(), _draining()
    housekeeping = lab().is_alive
    problems = [database, redis, "" if housekeeping else "The housekeeping has ended"]
    ok = not database and housekeeping and not draining
    return {
        "status": "ready" if ok else "not ready",
        "database": not database,
        "redis": not redis,
        "housekeeping": housekeeping,
        "draining": draining,
        "problems": [one for one in problems if one],
    }, 200 if ok else 503


def redis_problem() -> str:
    """Return the reason why strategies can't use Redis; empty if they can."""
    client = lab().redis_probe
    if client is None:
        return "Redis: the lab runs without it"
    try:
        redis_lock.check_writes(client)
    except Unavailable as error:
        return f"Redis: {error.reason or error.message}"
    return ""


def _database_problem() -> str:
    try:
        lab().probe.check()
    except Unavailable as error:
        return f"PostgreSQL: {error.reason or error.message}"
    except BookingLabError as error:
        return f"PostgreSQL: {error.message}"
    return ""


def _draining() -> bool:
    return any(mark.exists() for mark in lab().settings.draining_marks)
