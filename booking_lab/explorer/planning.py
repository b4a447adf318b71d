"""What to explore, from names; says what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from booking_lab.core.capability import check_able, takes
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.scenario import Scenario, booker, booker_number
from booking_lab.core.step import StepKind
from booking_lab.errors import InvalidRequest, UnknownStrategy, Unsuitable
from booking_lab.explorer.scheduler.gate import BEGIN
from booking_lab.explorer.scheduler.nemesis import NEMESES, SLOW_NEMESES
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.schedule import InvalidSchedule, Schedule, ScheduleMove
from booking_lab.runtime.strategy_registry import Entry, Registry
from booking_lab.workloads import Workloads

#: More have more schedules than anybody can wait for.
MOST_BOOKERS = 5
#: Whom those hit that hit no booker.
_TARGETS_BESIDE_BOOKERS = {"time": {"passes"}, "flush": {"redis"}, "crowd": {"others"}}
_KNOWN = NEMESES | SLOW_NEMESES


class UnknownScenario(InvalidRequest):
    """The workload has no such scenario."""


class UnknownNemesis(InvalidRequest):
    """There is no such nemesis."""


@dataclass(frozen=True)
class PlanRequest:
    """What a plan is made from.

    Attributes:
        strategy: the strategy's name.
        options: its options.
        workload: the workload's name.
        scenario: the scenario's name; empty: the plainest.
        bookers: how many.
        workers: in how many processes they are; 0: each in one of its own.
        nemeses: names of what can go wrong; ``all`` are all.
        beside: the strategy's name of all bookers but the first; empty: the same.
    """

    strategy: str
    workload: str
    options: Mapping[str, Any]
    scenario: str = ""
    bookers: int = 2
    workers: int = 0
    nemeses: Sequence[str] = ()
    beside: str = ""


def make_plan(
    wanted: PlanRequest, registry: Registry, workloads: Workloads, schedule: Schedule = ()
) -> ExplorationPlan:
    """Return the plan.

    Args:
        wanted: the names that the plan is made from.
        registry: the strategies.
        workloads: the workloads.
        schedule: the one that is to be run; whatever strikes in it is part of the plan.

    Raises:
        InvalidRequest: something isn't there, or doesn't go together.
    """
    entry = _entry(wanted.strategy, registry)
    strategy = entry.make(wanted.options)
    workload = workloads.get(wanted.workload)
    scenario = _scenario(wanted.scenario, workload, wanted.bookers)
    beside = _entry(wanted.beside, registry) if wanted.beside else None
    for one in (entry, *([beside] if beside else [])):
        _check_suitable(one, workload, scenario)
    if beside and wanted.bookers < 2:
        raise InvalidRequest("One booker has nobody beside it; say --bookers 2, or more.")
    if wanted.workers > wanted.bookers:
        raise InvalidRequest(
            f"{wanted.bookers} bookers can't be in {wanted.workers} workers; take {wanted.bookers} at "
            f"most."
        )
    _check_schedule(schedule, wanted.bookers)
    struck = [move.actor for move in schedule if move.actor in _KNOWN]
    nemeses = _nemeses([*wanted.nemeses, *struck])
    other = (beside, beside.make({})) if beside else None
    return ExplorationPlan((entry, strategy), workload, scenario, wanted.workers, nemeses, other)


def _entry(name: str, registry: Registry) -> Entry:
    try:
        return registry.get(name)
    except UnknownStrategy as error:
        for broken in registry.broken():
            if broken.file.endswith((f"/{name}.py", f"/{name}/__init__.py")):
                raise UnknownStrategy(f"{broken.file} is of no use: {broken.reason}") from None
        raise UnknownStrategy(error.message) from None


def _scenario(name: str, workload: LabWorkload, bookers: int) -> Scenario:
    scenarios = {one.name: one for one in workload.contests(bookers)}
    if name and name not in scenarios:
        raise UnknownScenario(
            f"{workload.name.capitalize()} have no scenario {name!r}; there are: "
            f"{', '.join(scenarios)}."
        )
    return scenarios[name] if name else next(iter(scenarios.values()))


def _check_suitable(entry: Entry, workload: LabWorkload, scenario: Scenario) -> None:
    check_able(entry.name, entry.kind.needs, workload)
    if not takes(entry.kind.needs, scenario):
        raise Unsuitable(
            f"Strategy {entry.name} doesn't choose, and in {scenario.name!r} there is something "
            f"to choose. Choose another scenario."
        )


def _nemeses(names: Sequence[str]) -> Sequence[str]:
    """Return them in the one order that every exploration has them in."""
    for name in names:
        if name not in {*_KNOWN, "all"}:
            raise UnknownNemesis(
                f"There is no nemesis {name!r}; there are: {', '.join(_KNOWN)}, and all."
            )
    return [name for name in _KNOWN if name in names or ("all" in names and name in NEMESES)]


def _check_schedule(schedule: Schedule, bookers: int) -> None:
    """Refuse what can't be followed, whatever happens.

    Raises:
        InvalidSchedule: somebody isn't there, or can't do that.
    """
    names = {booker(number) for number in range(bookers)}
    for move in schedule:
        if move.is_by_booker and move.actor not in names:
            wanted = booker_number(move.actor) + 1
            what_to_do = (
                f"say --bookers {wanted}"
                if wanted <= MOST_BOOKERS
                else f"{MOST_BOOKERS} is the most there can be"
            )
            raise InvalidSchedule(
                f"{move}: there is no {move.actor} among {bookers} bookers; {what_to_do}."
            )
        if not move.is_by_booker and move.actor not in {*_KNOWN, *_TARGETS_BESIDE_BOOKERS}:
            raise InvalidSchedule(
                f"{move}: {move.actor} is no booker and no nemesis; nemeses are: "
                f"{', '.join(_KNOWN)}."
            )
        if move.what not in (known := _moves(move, names)):
            raise InvalidSchedule(f"{move}: that is no move; {move.actor} can: {_listed(known)}.")


def _moves(move: ScheduleMove, bookers: set[str]) -> set[str]:
    if move.is_by_booker:
        return {BEGIN, *map(str, StepKind)} - {StepKind.DECIDE, StepKind.WAIT}
    return _TARGETS_BESIDE_BOOKERS.get(move.actor, bookers)


def _listed(words: set[str]) -> str:
    return ", ".join(sorted(words))
