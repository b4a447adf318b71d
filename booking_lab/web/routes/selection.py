"""``/admin/strategy`` and ``/admin/think-time``: the current strategy and the think time."""

from __future__ import annotations

from typing import Annotated, Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from booking_lab.runtime import selection, worker_registry
from booking_lab.runtime.selection import Switched
from booking_lab.web.http.context import (
    lab,
    read_session,
    read_session_and_selection,
    slot_for_waiting,
)
from booking_lab.web.http.problems import documented_problems
from booking_lab.web.schemas.fields import Body, Options, StrategyName

selection_routes = APIBlueprint(
    "selection", __name__, url_prefix="/admin", abp_tags=[Tag(name="admin")]
)

_ERRORS = documented_problems(401, 503)
_BODY_ERRORS = documented_problems(400, 401, 413, 415, 422, 503)


class StrategyBody(Body):
    """The new strategy, and its options; an option that is left out has its default."""

    strategy: StrategyName
    options: Options = Field(default_factory=dict)


class ThinkTimeBody(Body):
    """The new think time, in milliseconds."""

    think_time_ms: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False, examples=[50])]


class CurrentStrategy(BaseModel):
    """The strategy of the next booking, its options, and the think time."""

    strategy: str
    options: dict[str, Any]
    think_time_ms: float
    epoch: int


class StrategySwitched(BaseModel):
    """The strategies before and after; ``drained``: all bookings of earlier epochs have ended."""

    old_strategy: str
    new_strategy: str
    options: dict[str, Any]
    epoch: int
    drained: bool


class CurrentThinkTime(BaseModel):
    """The think time, in milliseconds."""

    think_time_ms: float
    epoch: int


class ThinkTimeSwitched(BaseModel):
    """The think times before and after, in milliseconds."""

    old_think_time_ms: float
    think_time_ms: float
    epoch: int
    drained: bool


@selection_routes.get("/strategy", responses={200: CurrentStrategy, **_ERRORS})
def get_strategy() -> dict[str, Any]:
    """The strategy of the next booking."""
    with read_session_and_selection() as (_, current):
        entry, strategy = lab().registry.selected(current)
        return {
            "strategy": current.strategy,
            "options": entry.options_of(strategy),
            "think_time_ms": current.think_time_ms,
            "epoch": current.epoch,
        }


@selection_routes.post("/strategy", responses={200: StrategySwitched, **_BODY_ERRORS})
def set_strategy(body: StrategyBody) -> dict[str, Any]:
    """Switch the strategy of all workers and instances.

    A booking that starts after the answer runs under the new strategy.
    """
    entry = lab().registry.get(body.strategy)
    options = entry.options_of(entry.create(body.options))
    switched, drained = _switch(strategy=body.strategy, options=options)
    return {
        "old_strategy": switched.before.strategy,
        "new_strategy": body.strategy,
        "options": options,
        "epoch": switched.after.epoch,
        "drained": drained,
    }


@selection_routes.get("/think-time", responses={200: CurrentThinkTime, **_ERRORS})
def get_think_time() -> dict[str, Any]:
    """The think time: the pause between decide and write, which is the race window."""
    with read_session_and_selection() as (_, current):
        return {"think_time_ms": current.think_time_ms, "epoch": current.epoch}


@selection_routes.post("/think-time", responses={200: ThinkTimeSwitched, **_BODY_ERRORS})
def set_think_time(body: ThinkTimeBody) -> dict[str, Any]:
    """Set the think time of all workers and instances."""
    switched, drained = _switch(think_time_ms=body.think_time_ms)
    return {
        "old_think_time_ms": switched.before.think_time_ms,
        "think_time_ms": switched.after.think_time_ms,
        "epoch": switched.after.epoch,
        "drained": drained,
    }


def _switch(**changes: Any) -> tuple[Switched, bool]:
    with slot_for_waiting() as connect:
        with connect() as session:
            switched = selection.switch(session, **changes)
        wait = lab().settings.drain_seconds
        return switched, worker_registry.wait_drained(read_session, switched.after.epoch, wait)
