"""All there is to tell of an exploration, and whether it is what the strategy promises."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab.core.strategy import Anomaly
from booking_lab.core.verdict import Verdict, combined
from booking_lab.explorer.recording.schedule_run import ScheduleRun
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.options import SearchOptions


@dataclass(frozen=True)
class PromiseCheck:
    """What the strategy promises, and what came of it.

    Attributes:
        allowed: the anomalies that it lets through by its own word, in this exploration.
        broken: those found that it does not allow.
        faults: in how many schedules its own code failed.
    """

    allowed: tuple[str, ...]
    broken: tuple[str, ...]
    faults: int = 0

    @property
    def kept(self) -> bool:
        """Whether nothing speaks against the strategy."""
        return not self.broken and not self.faults


def check_promise(plan: ExplorationPlan, found: Exploration) -> PromiseCheck:
    """Compare what was found with the strategy's word; beside another one, none gives it."""
    if plan.beside:
        return PromiseCheck(tuple(sorted(map(str, Anomaly))), (), found.faults)
    allowed = plan.strategy[0].allows(under_faults=bool(plan.nemeses))
    words = {str(anomaly) for anomaly in allowed}
    return PromiseCheck(
        tuple(sorted(words)), tuple(sorted(set(found.anomalies) - words)), found.faults
    )


@dataclass(frozen=True)
class ExplorationResult:
    """What was explored, and what was found.

    Attributes:
        plan: what was explored.
        search_options: which of the schedules were run.
        found: what was found.
        promise: what to say of the strategy.
        shown: the schedule to show: the one replayed, or the shortest bad one, or one in which the
            strategy's own code failed, or in which bookers who share nothing were in each other's
            way; none: there is none.
    """

    plan: ExplorationPlan
    search_options: SearchOptions
    found: Exploration
    promise: PromiseCheck
    shown: ScheduleRun | None

    @classmethod
    def of(
        cls, plan: ExplorationPlan, search_options: SearchOptions, found: Exploration
    ) -> ExplorationResult:
        """Put together what was found."""
        shown = (
            found.last if search_options.schedule else found.worst or found.faulty or found.serial
        )
        return cls(plan, search_options, found, check_promise(plan, found), shown)

    @property
    def verdict(self) -> Verdict:
        """The verdict on what was run; one booker by itself, with no nemesis, meets nobody."""
        alone = len(self.plan.scenario.requests) == 1 and not self.plan.nemeses
        return combined([self.found.verdict, *([Verdict.INCONCLUSIVE] if alone else [])])

    @property
    def on_strategy(self) -> Verdict:
        """The verdict on the strategy: what it allows is not held against it.

        A replay shows one schedule, and says nothing of the strategy.
        """
        if self.found.interrupted and self.promise.kept:
            return Verdict.UNKNOWN
        return Verdict.SAFE if self.search_options.schedule or self.promise.kept else Verdict.WRONG

    @property
    def title(self) -> str:
        """What the schedule shown is; if there is none: the one run last."""
        if self.search_options.schedule:
            return "The schedule:"
        if self.shown is None:
            return "None is bad; the last one that was run:"
        if self.shown.bad:
            return "The shortest bad one:"
        if self.shown is self.found.serial:
            return "The shortest in which bookers who share nothing are in each other's way:"
        return "The first in which its code failed:"
