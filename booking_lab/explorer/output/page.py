"""The result of an exploration as an HTML page to step through."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment, StrictUndefined

from booking_lab.explorer.output.snapshots import BookerSnapshot, snapshots
from booking_lab.explorer.output.timeline import timeline
from booking_lab.explorer.recording.schedule_run import ScheduleRun
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.schedule import schedule_text


def page(plan: ExplorationPlan, schedule_run: ScheduleRun, about: list[str], title: str) -> str:
    """Return the page. It needs no other file and no network; without JavaScript it is a table.

    Args:
        plan: the plan of the exploration.
        schedule_run: the schedule to show.
        about: lines about the exploration.
        title: the title of the schedule.
    """
    drawn = timeline(schedule_run, plan.scenario)
    template = resources.files("booking_lab.explorer.output").joinpath("page.html.j2").read_text()
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    return environment.from_string(template).render(
        heading=f"{plan.name} on {plan.workload.name}",
        about=about,
        title=title,
        drawn=drawn,
        schedule=schedule_text(schedule_run.schedule),
        moves=[_snapshot_texts(one) for one in snapshots(schedule_run, drawn)],
    )


def _snapshot_texts(by_booker: dict[str, BookerSnapshot]) -> dict[str, dict[str, str]]:
    return {
        name: {
            "stands": one.stands,
            "holds": ", ".join(one.holds) or "nothing",
            "saw": one.saw or "nothing yet",
        }
        for name, one in by_booker.items()
    }
