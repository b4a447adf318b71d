"""The timeline of a schedule: a table with a row for each move and a column for each booker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from booking_lab.core.scenario import BookerAction, ChangeRequest, Scenario
from booking_lab.explorer.output.sql_text import value_text, with_names
from booking_lab.explorer.output.wording import (
    LineKind,
    TimelineLine,
    ending_text,
    reply_lines,
    sent_lines,
)
from booking_lab.explorer.recording.schedule_run import ScheduleRun

#: The column for moves of nemeses and of time.
WORLD = "world"


@dataclass(frozen=True)
class TimelineRow:
    """One move.

    Attributes:
        number: the number of the move, from 1.
        move: the move, as in the schedule.
        cells: the lines of each cell, by column; empty cells are left out.
    """

    number: int
    move: str
    cells: dict[str, list[TimelineLine]] = field(default_factory=dict)


@dataclass(frozen=True)
class Timeline:
    """The table.

    Attributes:
        columns: the names of the bookers, and ``WORLD`` if there are other moves.
        wishes: the request of each booker.
        rows: the moves, in order.
        endings: the end of each booker.
        wrong: the findings, one line each.
    """

    columns: Sequence[str]
    wishes: Mapping[str, str]
    rows: Sequence[TimelineRow]
    endings: Mapping[str, str]
    wrong: Sequence[str]


def timeline(schedule_run: ScheduleRun, scenario: Scenario) -> Timeline:
    """Return the timeline of a schedule that was run."""
    bookers = sorted(schedule_run.endings)
    rows = [
        TimelineRow(number, str(event.move))
        for number, event in enumerate(schedule_run.events, start=1)
    ]
    for row, event in zip(rows, schedule_run.events, strict=True):
        if not event.move.is_by_booker:
            row.cells[WORLD] = [TimelineLine(LineKind.WORLD, event.note or row.move)]
            continue
        cell = row.cells.setdefault(event.move.actor, [])
        cell += sent_lines(event)
        if event.waits_for and not event.until:
            continue  # the wait never ended
        # A booker that has waited gets its answer during the move of another one.
        if event.until not in {0, row.number}:
            cell = rows[event.until - 1].cells.setdefault(event.move.actor, [])
            cell.append(TimelineLine(LineKind.STEP, f"{event.move.what} goes on"))
        cell += reply_lines(event)
    return Timeline(
        columns=[*bookers, *([WORLD] if any(WORLD in row.cells for row in rows) else [])],
        wishes={
            name: request_text(request)
            for name, request in zip(bookers, scenario.requests, strict=True)
        },
        rows=rows,
        endings={name: ending_text(schedule_run.endings[name]) for name in bookers},
        wrong=[
            f"{one.anomaly}: {one.subject}: {with_names(one.detail)}"
            for one in schedule_run.findings
        ],
    )  # fmt: skip


def request_text(ask: BookerAction) -> str:
    """Return the text for a request: the fields that a customer fills in."""
    if isinstance(ask, ChangeRequest):
        return " ".join([ask.action, ask.of.customer_id, *_changes_text(ask)])
    asked = {
        one.name: getattr(ask, one.name)
        for one in fields(ask)
        if one.name != "customer_id" and not one.metadata.get("internal")
        if one.default != getattr(ask, one.name)
    }
    return ", ".join(f"{name} {value_text(value)}" for name, value in asked.items())


def _changes_text(ask: ChangeRequest) -> Iterator[str]:
    if ask.changes:
        yield f"to {', '.join(f'{n} {value_text(v)}' for n, v in ask.changes.items())}"
