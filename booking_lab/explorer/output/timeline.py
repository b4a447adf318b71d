"""A schedule that was run as a table: a row for each move, a column for each booker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from booking_lab.core.scenario import Ask, Change, Scenario
from booking_lab.explorer.output.sql_text import value_text, with_names
from booking_lab.explorer.output.wording import (
    LineKind,
    TimelineLine,
    ending_text,
    reply_lines,
    sent_lines,
)
from booking_lab.explorer.recording.schedule_run import ScheduleRun

#: The column of what is no booker's doing.
WORLD = "world"


@dataclass(frozen=True)
class TimelineRow:
    """One move.

    Attributes:
        number: from 1.
        move: as in the schedule.
        cells: what is to be read of it, by column; those that nothing happened in are left out.
    """

    number: int
    move: str
    cells: dict[str, list[TimelineLine]] = field(default_factory=dict)


@dataclass(frozen=True)
class Timeline:
    """The table.

    Attributes:
        columns: the bookers, and the world if it had a hand in it.
        wishes: what each booker asks for.
        rows: the moves, in order.
        endings: how each booker ended.
        wrong: what is wrong afterwards, one line each.
    """

    columns: Sequence[str]
    wishes: Mapping[str, str]
    rows: Sequence[TimelineRow]
    endings: Mapping[str, str]
    wrong: Sequence[str]


def timeline(schedule_run: ScheduleRun, scenario: Scenario) -> Timeline:
    """Return the table of a schedule that was run."""
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
            continue  # its wait never ended
        # Who has waited gets the answer when others move.
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


def request_text(ask: Ask) -> str:
    """Say what a booker wants: the fields of its request that a customer fills in."""
    if isinstance(ask, Change):
        return " ".join([ask.action, ask.of.customer_id, *_changes_text(ask)])
    asked = {
        one.name: getattr(ask, one.name)
        for one in fields(ask)
        if one.name != "customer_id" and not one.metadata.get("internal")
        if one.default != getattr(ask, one.name)
    }
    return ", ".join(f"{name} {value_text(value)}" for name, value in asked.items())


def _changes_text(ask: Change) -> Iterator[str]:
    if ask.changes:
        yield f"to {', '.join(f'{n} {value_text(v)}' for n, v in ask.changes.items())}"
