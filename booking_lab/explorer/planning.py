"""Makes the plan of an exploration from names, and reports names that can't be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from booking_lab.core.capability import can_book, check_can_book
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.scenario import Scenario, booker_name, booker_number
from booking_lab.core.step import StepKind
from booking_lab.errors import InvalidRequest, UnknownStrategy, Unsuitable
from booking_lab.explorer.scheduler.gate import BEGIN
from booking_lab.explorer.scheduler.nemesis import NEMESES, SLOW_NEMESES
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.schedule import InvalidSchedule, Schedule, ScheduleMove
from booking_lab.runtime.strategy_registry import Registry, StrategyInfo
from booking_lab.workloads import Workloads

#: More bookers have too many schedules to run.
MOST_BOOKERS = 5
#: The targets of the actors that strike no booker.
_TARGETS_BESIDE_BOOKERS = {"time": {"passes"}, "flush": {"redis"}, "crowd": {"others"}}
_KNOWN = NEMESES | SLOW_NEMESES


class UnknownScenario(InvalidRequest):
    """The workload has no such scenario."""


class UnknownNemesis(InvalidRequest):
    """There is no such nemesis."""


@dataclass(frozen=True)
class PlanRequest:
    """The names and numbers that a plan is made from.

    Attributes:
        strategy: the name of the strategy.
        workload: the name of the workload.
        options: the options of the strategy.
        scenario: the name of the scenario; empty: the plainest.
        bookers: the number of bookers.
        workers: the number of processes that the bookers share; 0: one for each.
        nemeses: the names of the nemeses; ``all`` stands for all that take no seconds.
        beside: the name of the strategy of all bookers except the first; empty: the same.
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
        schedule: the schedule to run; its nemeses are added to the plan.

    Raises:
        InvalidRequest: a name is unknown, or the names don't fit together.
    """
    entry = _entry(wanted.strategy, registry)
    strategy = entry.create(wanted.options)
    workload = workloads.get(wanted.workload)
    scenario = _scenario(wanted.scenario, workload, wanted.bookers)
    beside = _entry(wanted.beside, registry) if wanted.beside else None
    for one in (entry, *([beside] if beside else [])):
        _check_suitable(one, workload, scenario)
    if beside and wanted.bookers < 2:
        raise InvalidRequest("--beside needs a second booker; use --bookers 2, or more.")
    if wanted.workers > wanted.bookers:
        raise InvalidRequest(
            f"{wanted.bookers} bookers can't use {wanted.workers} workers; use {wanted.bookers} at "
            f"most."
        )
    _check_schedule(schedule, wanted.bookers)
    struck = [move.actor for move in schedule if move.actor in _KNOWN]
    nemeses = _nemeses([*wanted.nemeses, *struck])
    other = (beside, beside.create({})) if beside else None
    return ExplorationPlan((entry, strategy), workload, scenario, wanted.workers, nemeses, other)


def _entry(name: str, registry: Registry) -> StrategyInfo:
    try:
        return registry.get(name)
    except UnknownStrategy as error:
        for broken in registry.load_failures():
            if broken.file.endswith((f"/{name}.py", f"/{name}/__init__.py")):
                raise UnknownStrategy(f"{broken.file} can't be loaded: {broken.reason}") from None
        raise UnknownStrategy(error.message) from None


def _scenario(name: str, workload: LabWorkload, bookers: int) -> Scenario:
    scenarios = {one.name: one for one in workload.contests(bookers)}
    if name and name not in scenarios:
        raise UnknownScenario(
            f"Workload {workload.name} has no scenario {name!r}; its scenarios are: "
            f"{', '.join(scenarios)}."
        )
    return scenarios[name] if name else next(iter(scenarios.values()))


def _check_suitable(entry: StrategyInfo, workload: LabWorkload, scenario: Scenario) -> None:
    check_can_book(entry.name, entry.strategy_class.needs, workload)
    if not can_book(entry.strategy_class.needs, scenario):
        raise Unsuitable(
            f"Strategy {entry.name} can't choose, and scenario {scenario.name!r} leaves a choice. "
            f"Use another scenario."
        )


def _nemeses(names: Sequence[str]) -> Sequence[str]:
    """Return the names in one fixed order, each once."""
    for name in names:
        if name not in {*_KNOWN, "all"}:
            raise UnknownNemesis(
                f"There is no nemesis {name!r}; the nemeses are: {', '.join(_KNOWN)}, and all."
            )
    return [name for name in _KNOWN if name in names or ("all" in names and name in NEMESES)]


def _check_schedule(schedule: Schedule, bookers: int) -> None:
    """Refuse a schedule that no run can follow.

    Raises:
        InvalidSchedule: an actor doesn't exist, or has no such move.
    """
    names = {booker_name(number) for number in range(bookers)}
    for move in schedule:
        if move.is_by_booker and move.actor not in names:
            wanted = booker_number(move.actor) + 1
            what_to_do = (
                f"use --bookers {wanted}"
                if wanted <= MOST_BOOKERS
                else f"there can be at most {MOST_BOOKERS}"
            )
            raise InvalidSchedule(
                f"{move}: there is no {move.actor} among {bookers} bookers; {what_to_do}."
            )
        if not move.is_by_booker and move.actor not in {*_KNOWN, *_TARGETS_BESIDE_BOOKERS}:
            raise InvalidSchedule(
                f"{move}: {move.actor} is neither a booker nor a nemesis; the nemeses are: "
                f"{', '.join(_KNOWN)}."
            )
        if move.what not in (known := _moves(move, names)):
            raise InvalidSchedule(
                f"{move}: there is no such move; the moves of {move.actor} are: {_listed(known)}."
            )


def _moves(move: ScheduleMove, bookers: set[str]) -> set[str]:
    if move.is_by_booker:
        return {BEGIN, *map(str, StepKind)} - {StepKind.DECIDE, StepKind.WAIT}
    return _TARGETS_BESIDE_BOOKERS.get(move.actor, bookers)


def _listed(words: set[str]) -> str:
    return ", ".join(sorted(words))
