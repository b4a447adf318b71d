"""What an exploration has found, as one page to step through."""

from __future__ import annotations

from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined

from booking_lab.explorer.output.snapshots import standings
from booking_lab.explorer.output.timeline import timeline
from booking_lab.explorer.recording.schedule_run import Trial
from booking_lab.explorer.scheduler.plan import Plan
from booking_lab.explorer.search.schedule import written


def page(plan: Plan, trial: Trial, about: list[str], title: str) -> str:
    """Return the page: it needs no other file and no network, and is a table without JavaScript.

    Args:
        plan: what was explored.
        trial: the schedule to show.
        about: what there is to say of the exploration, a line each.
        title: what this schedule is.
    """
    drawn = timeline(trial, plan.scenario)
    template = resources.files("booking_lab.explorer.output").joinpath("page.html.j2").read_text()
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    return environment.from_string(template).render(
        heading=f"{plan.name} on {plan.workload.name}",
        about=about,
        title=title,
        drawn=drawn,
        schedule=written(trial.schedule),
        moves=[_standing(one) for one in standings(trial, drawn)],
    )


def _standing(standing: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        name: {
            "stands": one.stands,
            "holds": ", ".join(one.holds) or "nothing",
            "saw": one.saw or "nothing yet",
        }
        for name, one in standing.items()
    }
