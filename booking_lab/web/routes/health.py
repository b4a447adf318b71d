"""Whether the service lives, and whether it can book."""

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
    """What bookings need. Without Redis, the strategies that don't need it go on working.

    ``problems`` says what is wrong, in the words of the server that it is wrong with.
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
    """Whether bookings can be made here: PostgreSQL takes a write and no stop is under way.

    Redis is asked for a script that writes, as strategies do.

    ``housekeeping`` says whether the threads of this worker live that write the ledger, see
    switches through and repair counters.

    Redlock's servers aren't asked. Bookings go on without them, and waiting for a frozen one would
    make this answer too late for a balancer, as if the lab itself were down.
    """
    database, redis, draining = _database_problem(), redis_problem(), _draining()
    housekeeping = lab().lives
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
    """Say why Redis can't do what strategies need of it; empty if it can."""
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
