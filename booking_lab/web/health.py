"""Whether the service lives, and whether it can book."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import redis
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from booking_lab.errors import BookingLabError
from booking_lab.web.state import lab, reading

health = APIBlueprint("health", __name__, abp_tags=[Tag(name="health")])


class Health(BaseModel):
    """The process answers."""

    status: str
    worker: str


class Ready(BaseModel):
    """What bookings need. Without Redis, the strategies that don't need it go on working."""

    status: str
    database: bool
    redis: bool
    housekeeping: bool
    draining: bool


@health.get("/health", responses={200: Health})
def alive() -> dict[str, str]:
    """Whether this process answers."""
    return {"status": "ok", "worker": lab().worker}


@health.get("/ready", responses={200: Ready, 503: Ready})
def ready() -> tuple[dict[str, Any], int]:
    """Whether bookings can be made here: PostgreSQL answers and no stop is under way.

    ``housekeeping`` says whether the threads of this worker live that write the ledger, see
    switches through and repair counters.

    Redlock's servers aren't asked. Bookings go on without them, and waiting for a frozen one would
    make this answer too late for a balancer, as if the lab itself were down.
    """
    database, draining = _database(), _draining()
    housekeeping = lab().lives
    ok = database and housekeeping and not draining
    return {
        "status": "ready" if ok else "not ready",
        "database": database,
        "redis": redis_answers(),
        "housekeeping": housekeeping,
        "draining": draining,
    }, 200 if ok else 503


def redis_answers() -> bool:
    """Whether Redis answers."""
    client = lab().redis
    try:
        return bool(client and client.ping())
    except redis.RedisError:
        return False


def _database() -> bool:
    try:
        with reading():
            return True
    except BookingLabError:
        return False


def _draining() -> bool:
    folder = lab().settings.run_folder
    return bool(folder) and (Path(folder) / "draining").exists()
