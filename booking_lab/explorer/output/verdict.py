"""Whether what was found is what the strategy promises."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab.core.strategy import Anomaly
from booking_lab.explorer.scheduler.explore import Exploration, Plan


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
