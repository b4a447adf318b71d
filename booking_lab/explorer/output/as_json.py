"""The result of an exploration as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from booking_lab.core.scenario import booker_name
from booking_lab.explorer.output.result import ExplorationResult
from booking_lab.explorer.output.sql_text import full_text
from booking_lab.explorer.output.timeline import request_text
from booking_lab.explorer.recording.schedule_run import Message, MoveEvent, ScheduleRun
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.options import SearchOptions
from booking_lab.explorer.search.schedule import schedule_text


def as_json(result: ExplorationResult) -> dict[str, Any]:
    """Return the result as values of JSON, always with the same keys in the same order."""
    found, promise = result.found, result.promise
    return {
        "plan": _plan(result.plan, result.search_options),
        "schedules": found.schedules,
        "stands_for": found.stands_for,
        "bad": found.bad,
        "bad_stand_for": found.bad_stand_for,
        "anomalies": _sorted(found.anomalies),
        "outcomes": _sorted(found.outcomes),
        "deadlocks": found.deadlocks,
        "serialised": found.serialised,
        "complete": found.complete,
        "interrupted": found.interrupted,
        "verdict": result.verdict,
        "promise": {
            "kept": promise.kept,
            "allowed": list(promise.allowed),
            "broken": list(promise.broken),
            "faults": promise.faults,
        },
        "shown": _trial(result.shown) if result.shown else None,
        "seconds": round(found.seconds, 3),
    }


def _plan(plan: ExplorationPlan, search_options: SearchOptions) -> dict[str, Any]:
    entry, strategy = plan.strategy
    requests = plan.scenario.requests
    return {
        "strategy": entry.name,
        "options": entry.options_of(strategy),
        "beside": plan.beside[0].name if plan.beside else None,
        "workload": plan.workload.name,
        "scenario": plan.scenario.name,
        "bookers": {booker_name(number): request_text(one) for number, one in enumerate(requests)},
        "workers": plan.workers or len(requests),
        "nemeses": list(plan.nemeses),
        "way": search_options.to_json(),
    }


def _trial(schedule_run: ScheduleRun) -> dict[str, Any]:
    return {
        "schedule": schedule_text(schedule_run.schedule),
        "anomalies": schedule_run.anomalies,
        "events": [_event(number, one) for number, one in enumerate(schedule_run.events, start=1)],
        "endings": {
            name: {
                "outcome": ending.outcome,
                "code": ending.code,
                "message": ending.message,
                "tries": ending.tries,
            }
            for name, ending in sorted(schedule_run.endings.items())
        },
        "findings": [
            {
                "anomaly": str(one.anomaly),
                "scope": one.scope,
                "subject": one.subject,
                "detail": one.detail,
            }
            for one in schedule_run.findings
        ],
    }


def _event(number: int, event: MoveEvent) -> dict[str, Any]:
    return {
        "number": number,
        "actor": event.move.actor,
        "what": event.move.what,
        "detail": event.detail,
        "messages": [_message(one) for one in event.messages],
        "saw": None if event.saw is None else _plain(event.saw),
        "decided": [{"booking": str(one), "decision": str(what)} for one, what in event.decided],
        "waits_for": list(event.waits_for),
        "until": event.until or None,
        "deadlock": event.deadlock,
        "note": event.note,
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "server": message.server,
        "statement": message.statement,
        "parameters": {name: _plain(value) for name, value in message.parameters.items()},
        "filled": full_text(message),
        "rows": None if message.rows is None else [_plain(row) for row in message.rows],
        "error": message.error,
    }


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value)


def _sorted(counted: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counted.items()))
