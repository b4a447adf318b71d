"""All there is to tell of an exploration, and whether it is what the strategy promises."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab.core.strategy import Anomaly
from booking_lab.explorer.recording.trial import Trial
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.plan import Plan
from booking_lab.explorer.search.options import Way


@dataclass(frozen=True)
class Verdict:
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


def judge(plan: Plan, found: Exploration) -> Verdict:
    """Compare what was found with the strategy's word; beside another one, none gives it."""
    if plan.beside:
        return Verdict(tuple(sorted(map(str, Anomaly))), (), found.faults)
    kind = plan.strategy[0].kind
    allowed = kind.allows | (kind.allows_under_faults if plan.nemeses else frozenset())
    words = {str(anomaly) for anomaly in allowed}
    return Verdict(tuple(sorted(words)), tuple(sorted(set(found.anomalies) - words)), found.faults)


@dataclass(frozen=True)
class Result:
    """What was explored, and what was found.

    Attributes:
        plan: what was explored.
        way: which of the schedules were run.
        found: what was found.
        verdict: what to say of the strategy.
        shown: the schedule to show: the one replayed, or the shortest bad one, or one in which the
            strategy's own code failed, or in which bookers who share nothing were in each other's
            way; none: there is none.
    """

    plan: Plan
    way: Way
    found: Exploration
    verdict: Verdict
    shown: Trial | None

    @classmethod
    def of(cls, plan: Plan, way: Way, found: Exploration) -> Result:
        """Put together what was found."""
        shown = found.last if way.schedule else found.worst or found.faulty or found.serial
        return cls(plan, way, found, judge(plan, found), shown)

    @property
    def good(self) -> bool:
        """Whether it came to its end, and nothing speaks against the strategy.

        A replay shows one schedule, and says nothing of the strategy.
        """
        return not self.found.interrupted and (bool(self.way.schedule) or self.verdict.kept)

    @property
    def title(self) -> str:
        """What the schedule shown is; if there is none: the one run last."""
        if self.way.schedule:
            return "The schedule:"
        if self.shown is None:
            return "None is bad; the last one that was run:"
        if self.shown.bad:
            return "The shortest bad one:"
        if self.shown is self.found.serial:
            return "The shortest in which bookers who share nothing are in each other's way:"
        return "The first in which its code failed:"
