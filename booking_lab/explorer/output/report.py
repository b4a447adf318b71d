"""The result of an exploration as text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from booking_lab.core.strategy import Strategy
from booking_lab.explorer.output.result import ExplorationResult
from booking_lab.explorer.output.timeline import Timeline, TimelineRow, timeline
from booking_lab.explorer.output.wording import LineKind, TimelineLine
from booking_lab.explorer.recording.schedule_run import ScheduleRun
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.options import SearchOptions
from booking_lab.explorer.search.schedule import schedule_text
from booking_lab.runtime.strategy_registry import StrategyInfo

#: A box with a line below the headings and a line above the endings.
_LINES = box.Box("    \n    \n ── \n    \n    \n ── \n    \n    \n")

_STYLES = {
    LineKind.STEP: "bold",
    LineKind.SENT: "cyan",
    LineKind.CAME_BACK: "",
    LineKind.WAITS: "yellow",
    LineKind.FAILED: "red",
    LineKind.WORLD: "magenta",
}
_SIGNS = {LineKind.CAME_BACK: "-> ", LineKind.WAITS: "-- ", LineKind.FAILED: "-> "}


def print_report(console: Console, result: ExplorationResult) -> None:
    """Print the plan, the summary, and the timeline of the schedule to show."""
    for line in (plan_text(result.plan), *summary_lines(result)):
        _print(console, Text(line))
    if result.shown is None:
        return
    _print(console, Text(f"\n{result.title}\n"))
    print_timeline(console, result.plan, result.shown)
    _print(console, Text("\nIts address, for --schedule:"))
    console.print(Text(schedule_text(result.shown.schedule)), soft_wrap=True)


def print_timeline(console: Console, plan: ExplorationPlan, schedule_run: ScheduleRun) -> None:
    """Print the timeline of one schedule, and its findings."""
    drawn = timeline(schedule_run, plan.scenario)
    _print(console, _table(drawn))
    for line in drawn.wrong:
        _print(console, Text(f"Wrong: {line}", style="red"))


def _print(console: Console, what: RenderableType) -> None:
    with console.capture() as printed:
        console.print(what)
    # Tables pad lines with blanks, which a reader does not want to copy.
    for line in printed.get().splitlines():
        console.file.write(f"{line.rstrip()}\n")


def plan_text(plan: ExplorationPlan) -> str:
    """Return the line about the plan."""
    bookers = len(plan.scenario.requests)
    workers = plan.workers or bookers
    where = "each in a process of its own"
    if workers < bookers:
        where = "all in one process" if workers == 1 else f"in {workers} processes"
    wrong = f"; what can go wrong: {', '.join(plan.nemeses)}" if plan.nemeses else ""
    under = " beside ".join(_strategy_text(*one) for one in plan.strategies)
    return (
        f"{under} on {plan.workload.name}, {plan.scenario.name}: "
        f"{_many(bookers, 'booker')}, {where}{wrong}."
    )


def _strategy_text(entry: StrategyInfo, strategy: Strategy) -> str:
    """Return the name of a strategy, with the options that differ from the defaults."""
    changed = {
        name: value
        for name, value in entry.options_of(strategy).items()
        if value != entry.options_of(entry.create({}))[name]
    }
    options = "".join(f", {name} {value}" for name, value in changed.items())
    broken = " (broken on purpose)" if entry.strategy_class.broken else ""
    return f"{entry.name}{broken}{options}"


def summary_lines(result: ExplorationResult) -> Iterator[str]:
    """Yield the lines about the findings; the last one is the verdict."""
    found, promise, name = result.found, result.promise, result.plan.name
    yield _how_many(result.search_options, found)
    if found.bad:
        counted = ", ".join(f"{name} in {many:,}" for name, many in found.anomalies.most_common())
        yield f"Bad: {found.bad:,} of {found.schedules:,}; {counted}."
    elif found.schedules:
        yield "Bad: none."
    yield f"Answers: {_counts(found.outcomes) or 'none'}."
    if found.deadlocks:
        yield f"Deadlocks: in {found.deadlocks:,} of them."
    if promise.broken:
        yield f"BROKEN PROMISE: {name} does not allow {' and '.join(promise.broken)}."
    elif found.bad and result.plan.beside:
        yield "No strategy promises anything for bookings under another strategy beside it."
    elif found.bad:
        yield f"As {name} declares: it allows {', '.join(sorted(found.anomalies))}."
    if found.serialised:
        why = (
            result.plan.strategy[0].strategy_class.serialises
            or f"{name} doesn't declare why (serialises)"
        )
        many = _many(found.serialised, "schedule")
        yield f"Bookers that share nothing wait for each other or conflict in {many}: {why}."
    if found.interrupted:
        yield "For fewer schedules, use --preemptions 2, or --random 1000."
    if promise.faults:
        yield f"AT FAULT: its own code failed in {_many(promise.faults, 'schedule')}."
    yield f"Verdict: {result.verdict}"


def _how_many(search_options: SearchOptions, found: Exploration) -> str:
    rate = f"{found.seconds:.1f} s, {found.schedules / max(found.seconds, 1e-9):.0f} a second"
    if search_options.schedule:
        if found.schedules == 1:
            return "Replayed once."
        return f"Replayed {found.schedules} times, the same each time ({rate})."
    how = ", then interrupted" if found.interrupted else f" {search_options}"
    stands = f", standing for {found.stands_for:,}" if found.stands_for > found.schedules else ""
    return f"{_many(found.schedules, 'schedule')}{how}{stands} ({rate})."


def _table(drawn: Timeline) -> RenderableType:
    table = Table(box=_LINES, padding=(0, 1), collapse_padding=True, show_edge=False)
    table.show_footer = True
    table.add_column("", justify="right", no_wrap=True)
    for name in drawn.columns:
        head = Text(f"{name}\n{drawn.wishes.get(name, '')}".strip())
        ending = Text(drawn.endings.get(name, ""))
        table.add_column(head, ending, overflow="fold", ratio=1)
    for row in drawn.rows:
        table.add_row(str(row.number), *_cells(row, drawn))
    return table


def _cells(row: TimelineRow, drawn: Timeline) -> Iterator[RenderableType]:
    for name in drawn.columns:
        yield Group(*[_line(line) for line in row.cells.get(name, [])])


def _line(line: TimelineLine) -> Text:
    return Text(f"{_SIGNS.get(line.kind, '')}{line.text}", style=_STYLES[line.kind])


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{many:,} {name}" for name, many in sorted(counted.items()))


def _many(number: int, what: str) -> str:
    plural = "es" if what.endswith("s") else "s"
    return f"{number:,} {what}{'' if number == 1 else plural}"
