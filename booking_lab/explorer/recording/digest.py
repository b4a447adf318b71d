"""What happened, as a number: two runs that differ in it were not the same."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from booking_lab.explorer.recording.schedule_run import Event, Trial


def of_events(before: int, events: Iterable[Event | None]) -> int:
    """Return the digest of what these moves have come to by now, after what came ``before``.

    Values are left out: some, such as times, are others in every run. What follows from them is in.
    """
    text = "\n".join(_in_short(event) for event in events if event)
    return crc32(text.encode(), before)


def of_trial(trial: Trial) -> int:
    """Return the digest of how a schedule ended."""
    ends = [
        f"{name} {one.outcome} {one.code} {one.tries}"
        for name, one in sorted(trial.endings.items())
    ]
    wrong = sorted(f"{one.anomaly} {one.subject}" for one in trial.findings)
    text = "\n".join([*ends, *wrong, *map(_in_short, trial.events)])
    return crc32(text.encode())


def _in_short(event: Event) -> str:
    sent = [
        f"{one.statement} {one.error} {-1 if one.rows is None else len(one.rows)}"
        for one in event.messages
    ]
    decided = [type(what).__name__ for _, what in event.decided]
    waited = bool(event.waits_for)
    return f"{event.move} {event.detail} {event.note} {event.deadlock} {waited} {sent} {decided}"
