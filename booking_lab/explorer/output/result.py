"""The result of an exploration, compared with the promises of the strategy."""

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
    """The promises of a strategy, compared with the findings.

    Attributes:
        allowed: the anomalies that the strategy declares for this exploration.
        broken: the anomalies that were found and not declared.
        faults: the number of schedules in which its own code failed.
    """

    allowed: tuple[str, ...]
    broken: tuple[str, ...]
    faults: int = 0

    @property
    def kept(self) -> bool:
        """Whether all findings are declared, and the strategy's code did not fail."""
        return not self.broken and not self.faults


def check_promise(plan: ExplorationPlan, found: Exploration) -> PromiseCheck:
    """Compare the findings with the promises; beside another strategy, all is allowed."""
    if plan.beside:
        return PromiseCheck(tuple(sorted(map(str, Anomaly))), (), found.faults)
    allowed = plan.strategy[0].allows(under_faults=bool(plan.nemeses))
    words = {str(anomaly) for anomaly in allowed}
    return PromiseCheck(
        tuple(sorted(words)), tuple(sorted(set(found.anomalies) - words)), found.faults
    )


@dataclass(frozen=True)
class ExplorationResult:
    """The plan of an exploration, and its findings.

    Attributes:
        plan: the plan.
        search_options: the schedules that were to be run.
        found: the findings.
        promise: the promises of the strategy, compared with the findings.
        shown: the schedule to show: the replayed one, or the shortest bad one, or one in which the
            strategy's own code failed, or one in which bookers that share nothing waited for each
            other or conflicted; none: there is none of these.
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
        """Return the result for these findings."""
        shown = (
            found.last if search_options.schedule else found.worst or found.faulty or found.serial
        )
        return cls(plan, search_options, found, check_promise(plan, found), shown)

    @property
    def verdict(self) -> Verdict:
        """The verdict on the schedules; inconclusive for one booker without a nemesis."""
        alone = len(self.plan.scenario.requests) == 1 and not self.plan.nemeses
        return combined([self.found.verdict, *([Verdict.INCONCLUSIVE] if alone else [])])

    @property
    def on_strategy(self) -> Verdict:
        """The verdict on the strategy: anomalies that it declares don't count.

        A replay runs one schedule only, so that its verdict is always safe.
        """
        if self.found.interrupted and self.promise.kept:
            return Verdict.UNKNOWN
        return Verdict.SAFE if self.search_options.schedule or self.promise.kept else Verdict.WRONG

    @property
    def title(self) -> str:
        """The title of the schedule to show; if there is none, of the last one."""
        if self.search_options.schedule:
            return "The schedule:"
        if self.shown is None:
            return "No schedule is bad; the last one:"
        if self.shown.bad:
            return "The shortest bad one:"
        if self.shown is self.found.serial:
            return "The shortest one with bookers that share nothing and wait or conflict:"
        return "The shortest one in which its code failed:"
