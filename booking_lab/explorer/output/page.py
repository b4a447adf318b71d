"""What an exploration has found, as one page to step through."""

from __future__ import annotations

from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined

from booking_lab.explorer.output.snapshots import snapshots
from booking_lab.explorer.output.timeline import timeline
from booking_lab.explorer.recording.schedule_run import ScheduleRun
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.schedule import schedule_text


def page(plan: ExplorationPlan, schedule_run: ScheduleRun, about: list[str], title: str) -> str:
    """Return the page: it needs no other file and no network, and is a table without JavaScript.

    Args:
        plan: what was explored.
        schedule_run: the schedule to show.
        about: what there is to say of the exploration, a line each.
        title: what this schedule is.
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


def _snapshot_texts(standing: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        name: {
            "stands": one.stands,
            "holds": ", ".join(one.holds) or "nothing",
            "saw": one.saw or "nothing yet",
        }
        for name, one in standing.items()
    }
