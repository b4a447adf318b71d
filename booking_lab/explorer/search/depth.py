"""The number of schedules and the scenarios of the matrix and of the conformance suite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.scenario import ChangeRequest, Scenario
from booking_lab.explorer.search.sampling import SampledSearch
from booking_lab.explorer.search.symmetry import Symmetry


@dataclass(frozen=True)
class Depth:
    """The limits for the exploration of one scenario.

    Attributes:
        preemptions: the highest number of preemptions in a schedule; none: any number.
        most: the highest number of schedules; if there are more, a sample of them is run.
    """

    preemptions: int | None
    most: int

    def sample(self) -> SampledSearch:
        """Return the search with these limits."""
        return SampledSearch(self.preemptions, self.most)


#: The nemeses that take locks outside PostgreSQL away from their holders.
LOCK_NEMESES = ("expiry", "flush")
#: The nemesis that needs a deeper search with three bookers: two preemptions and the strike at the
#: right move. A newer holder has released the lock already, and a third holder is at work.
THREE_BOOKER_NEMESIS = "expiry"


def for_three(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Return the scenarios in which three bookers all book the same thing, and the plainest one.

    These can show anomalies that two bookers can't. In all others, the third booker has little to
    do with the first two.
    """
    return [
        scenario for number, scenario in enumerate(scenarios) if number == 0 or _all_alike(scenario)
    ]


def for_faults(scenarios: Sequence[Scenario], workload: LabWorkload) -> list[Scenario]:
    """Return the scenarios of two bookers that can show more under a nemesis than the plainest one.

    In these, the bookers share a part of their things, or bookings are changed. Two changes of the
    same booking are left out: the check that it still holds its things keeps them apart under any
    strategy.
    """
    return [
        one
        for one in scenarios
        if (_changes_apart(one) if one.existing else _shared_in_part(one, workload))
    ]


def _changes_apart(scenario: Scenario) -> bool:
    changed = [one.of.id for one in scenario.requests if isinstance(one, ChangeRequest)]
    return len(set(changed)) == len(changed)


def _shared_in_part(scenario: Scenario, workload: LabWorkload) -> bool:
    if scenario.open:
        return not _all_alike(scenario)
    books = [one for one in scenario.requests if not isinstance(one, ChangeRequest)]
    wanted = [frozenset(workload.anchors(one)) for one in books]
    return bool(frozenset.intersection(*wanted)) and len(set(wanted)) > 1


def _all_alike(scenario: Scenario) -> bool:
    asks = scenario.requests
    alike = Symmetry.of(asks, len(asks)).alike
    return all(one.action == "book" for one in asks) and [len(one) for one in alike] == [len(asks)]
