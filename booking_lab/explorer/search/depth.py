"""How far the matrix and the conformance suite go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.scenario import Change, Scenario
from booking_lab.explorer.search.sampling import SampledSearch
from booking_lab.explorer.search.symmetry import Symmetry


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

    def sample(self) -> SampledSearch:
        """Return the schedules to run."""
        return SampledSearch(self.preemptions, self.most)


#: These take locks outside PostgreSQL away from their holders.
LOCK_NEMESES = ("expiry", "flush")
#: Three bookers under this need two preemptions and the strike at the right place: a newer holder
#: of a lock has been there and gone, and a third one is at work.
THREE_BOOKER_NEMESIS = "expiry"


def for_three(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Return those of the contests of three that show what two can't: all book the same.

    In others, the third has little to do with the first two; the plainest is taken in any case.
    """
    return [
        scenario for number, scenario in enumerate(scenarios) if number == 0 or _all_alike(scenario)
    ]


def for_faults(scenarios: Sequence[Scenario], workload: LabWorkload) -> list[Scenario]:
    """Return those of the contests of two that show what the plainest can't when a nemesis strikes.

    In these, things are shared in part, or bookings are changed. Two changes of one booking are
    kept apart by what it holds, whatever the strategy does.
    """
    return [
        one
        for one in scenarios
        if (_changes_apart(one) if one.standing else _shared_in_part(one, workload))
    ]


def _changes_apart(scenario: Scenario) -> bool:
    changed = [one.of.id for one in scenario.requests if isinstance(one, Change)]
    return len(set(changed)) == len(changed)


def _shared_in_part(scenario: Scenario, workload: LabWorkload) -> bool:
    if scenario.open:
        return not _all_alike(scenario)
    books = [one for one in scenario.requests if not isinstance(one, Change)]
    wanted = [frozenset(workload.anchors(one)) for one in books]
    return bool(frozenset.intersection(*wanted)) and len(set(wanted)) > 1


def _all_alike(scenario: Scenario) -> bool:
    asks = scenario.requests
    alike = Symmetry.of(asks, len(asks)).alike
    return all(one.action == "book" for one in asks) and [len(one) for one in alike] == [len(asks)]
