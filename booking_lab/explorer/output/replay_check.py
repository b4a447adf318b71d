"""What is to be seen while a schedule is replayed: that it repeats itself."""

from __future__ import annotations

from booking_lab.explorer.output.timeline import Timeline, timeline
from booking_lab.explorer.recording.schedule_run import Trial
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.plan import Plan
from booking_lab.explorer.search.options import Way
from booking_lab.explorer.search.schedule import Diverged, written


class Watch:
    """Looks at each run of a replay."""

    def __init__(self, plan: Plan, way: Way) -> None:
        self._plan = plan
        self._way = way
        self._first: Timeline | None = None

    def look(self, found: Exploration) -> None:
        """Look at the last run.

        Raises:
            Diverged: it is not what was to be replayed.
        """
        trial = found.last
        assert trial
        self._check_length(trial)
        self._check_same(trial, found.schedules)

    def _check_length(self, trial: Trial) -> None:
        if rest := self._way.schedule[len(trial.schedule) :]:
            raise Diverged(
                f"After {len(trial.schedule)} moves all bookers had come to an end, and "
                f"{written(rest)!r} was still to come."
            )

    def _check_same(self, trial: Trial, number: int) -> None:
        seen = timeline(trial, self._plan.scenario)
        self._first = self._first or seen
        if seen == self._first:
            return
        differs = next(
            (
                f"at move {one.number}, {one.move}"
                for one, first in zip(seen.rows, self._first.rows, strict=False)
                if one != first
            ),
            "in how it ended",
        )
        raise Diverged(f"Run {number} is not what the first was; they differ {differs}.")
