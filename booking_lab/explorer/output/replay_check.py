"""Checks that all runs of a replayed schedule are the same."""

from __future__ import annotations

from booking_lab.explorer.output.timeline import Timeline, timeline
from booking_lab.explorer.recording.schedule_run import ScheduleRun
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.options import SearchOptions
from booking_lab.explorer.search.schedule import Diverged, schedule_text


class ReplayCheck:
    """Compares each run of a replay with the first one."""

    def __init__(self, plan: ExplorationPlan, search_options: SearchOptions) -> None:
        self._plan = plan
        self._search_options = search_options
        self._first: Timeline | None = None

    def check(self, found: Exploration) -> None:
        """Check the last run.

        Raises:
            Diverged: it ended before the schedule did, or differs from the first run.
        """
        schedule_run = found.last
        assert schedule_run
        self._check_length(schedule_run)
        self._check_same(schedule_run, found.schedules)

    def _check_length(self, schedule_run: ScheduleRun) -> None:
        if rest := self._search_options.schedule[len(schedule_run.schedule) :]:
            raise Diverged(
                f"After {len(schedule_run.schedule)} moves all bookers had ended, and "
                f"{schedule_text(rest)!r} was still to run."
            )

    def _check_same(self, schedule_run: ScheduleRun, number: int) -> None:
        seen = timeline(schedule_run, self._plan.scenario)
        self._first = self._first or seen
        if seen == self._first:
            return
        differs = next(
            (
                f"at move {one.number}, {one.move}"
                for one, first in zip(seen.rows, self._first.rows, strict=False)
                if one != first
            ),
            "at the end",
        )
        raise Diverged(f"Run {number} differs from the first run {differs}.")
