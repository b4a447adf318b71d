"""How far the matrix and the conformance suite go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking_lab.core.scenario import Scenario
from booking_lab.explorer.search import Sample
from booking_lab.explorer.symmetry import Symmetry


@dataclass(frozen=True)
class Depth:
    """How many schedules of one contest are run.

    Attributes:
        preemptions: how often bookers interrupt one another in a schedule, at most; none: as often
            as they can.
        most: how many schedules are run; where there are more, a sample of them.
    """

    preemptions: int | None
    most: int

    def sample(self) -> Sample:
        """Return the schedules to run."""
        return Sample(self.preemptions, self.most)


#: These take locks outside PostgreSQL away from their holders.
LOCKS = ("expiry", "flush")
#: Three bookers under this need two preemptions and the strike at the right place: a newer holder
#: of a lock has been there and gone, and a third one is at work.
DEEP = "expiry"


def for_three(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Return those of the contests of three that show what two can't: all book the same.

    In others, the third has little to do with the first two; the plainest is taken in any case.
    """
    return [
        scenario for number, scenario in enumerate(scenarios) if number == 0 or _all_alike(scenario)
    ]


def _all_alike(scenario: Scenario) -> bool:
    asks = scenario.requests
    alike = Symmetry.of(asks, len(asks)).alike
    return all(one.action == "book" for one in asks) and [len(one) for one in alike] == [len(asks)]
