"""Digests of events: two runs with different digests were not the same."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from booking_lab.explorer.recording.schedule_run import MoveEvent, ScheduleRun


def digest_of_events(before: int, events: Iterable[MoveEvent | None]) -> int:
    """Return the digest of these events, continued from the digest ``before``.

    Values are left out, because some of them, such as times, differ in every run. Their effects are
    included.
    """
    text = "\n".join(_event_text(event) for event in events if event)
    return crc32(text.encode(), before)


def digest_of_run(schedule_run: ScheduleRun) -> int:
    """Return the digest of a whole run: its endings, its findings and its events."""
    ends = [
        f"{name} {one.outcome} {one.code} {one.tries}"
        for name, one in sorted(schedule_run.endings.items())
    ]
    wrong = sorted(f"{one.anomaly} {one.subject}" for one in schedule_run.findings)
    text = "\n".join([*ends, *wrong, *map(_event_text, schedule_run.events)])
    return crc32(text.encode())


def _event_text(event: MoveEvent) -> str:
    sent = [
        f"{one.statement} {one.error} {-1 if one.rows is None else len(one.rows)}"
        for one in event.messages
    ]
    decided = [type(what).__name__ for _, what in event.decided]
    waited = bool(event.waits_for)
    return f"{event.move} {event.detail} {event.note} {event.deadlock} {waited} {sent} {decided}"
