"""What to explore, from names; says what is wrong with them."""

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
from booking_lab.explorer.scheduler.plan import Plan
from booking_lab.explorer.search.schedule import InvalidSchedule, Move, Schedule
from booking_lab.runtime.strategy_registry import Registry, StrategyInfo
from booking_lab.workloads import Workloads

#: More have more schedules than anybody can wait for.
MOST_BOOKERS = 5
#: Whom those hit that hit no booker.
_WORLD = {"time": {"passes"}, "flush": {"redis"}, "crowd": {"others"}}
_KNOWN = NEMESES | SLOW_NEMESES


class UnknownScenario(InvalidRequest):
    """The workload has no such scenario."""


class UnknownNemesis(InvalidRequest):
    """There is no such nemesis."""


@dataclass(frozen=True)
class Names:
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


def plan(names: Names, registry: Registry, workloads: Workloads, schedule: Schedule = ()) -> Plan:
    """Return the plan.

    Args:
        names: what it is made from.
        registry: the strategies.
        workloads: the workloads.
        schedule: the one that is to be run; whatever strikes in it is part of the plan.

    Raises:
        InvalidRequest: something isn't there, or doesn't go together.
    """
    entry = _entry(names.strategy, registry)
    strategy = entry.create(names.options)
    workload = workloads.get(names.workload)
    scenario = _scenario(names.scenario, workload, names.bookers)
    beside = _entry(names.beside, registry) if names.beside else None
    for one in (entry, *([beside] if beside else [])):
        _check_suitable(one, workload, scenario)
    if beside and names.bookers < 2:
        raise InvalidRequest("One booker has nobody beside it; say --bookers 2, or more.")
    if names.workers > names.bookers:
        raise InvalidRequest(
            f"{names.bookers} bookers can't be in {names.workers} workers; take {names.bookers} at "
            f"most."
        )
    _check_schedule(schedule, names.bookers)
    struck = [move.actor for move in schedule if move.actor in _KNOWN]
    nemeses = _nemeses([*names.nemeses, *struck])
    other = (beside, beside.create({})) if beside else None
    return Plan((entry, strategy), workload, scenario, names.workers, nemeses, other)


def _entry(name: str, registry: Registry) -> StrategyInfo:
    try:
        return registry.get(name)
    except UnknownStrategy as error:
        for broken in registry.load_failures():
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


def _check_suitable(entry: StrategyInfo, workload: LabWorkload, scenario: Scenario) -> None:
    check_can_book(entry.name, entry.strategy_class.needs, workload)
    if not can_book(entry.strategy_class.needs, scenario):
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
    names = {booker_name(number) for number in range(bookers)}
    for move in schedule:
        if move.is_bookers and move.actor not in names:
            wanted = booker_number(move.actor) + 1
            what_to_do = (
                f"say --bookers {wanted}"
                if wanted <= MOST_BOOKERS
                else f"{MOST_BOOKERS} is the most there can be"
            )
            raise InvalidSchedule(
                f"{move}: there is no {move.actor} among {bookers} bookers; {what_to_do}."
            )
        if not move.is_bookers and move.actor not in {*_KNOWN, *_WORLD}:
            raise InvalidSchedule(
                f"{move}: {move.actor} is no booker and no nemesis; nemeses are: "
                f"{', '.join(_KNOWN)}."
            )
        if move.what not in (known := _moves(move, names)):
            raise InvalidSchedule(f"{move}: that is no move; {move.actor} can: {_list(known)}.")


def _moves(move: Move, bookers: set[str]) -> set[str]:
    if move.is_bookers:
        return {BEGIN, *map(str, StepKind)} - {StepKind.DECIDE, StepKind.WAIT}
    return _WORLD.get(move.actor, bookers)


def _list(words: set[str]) -> str:
    return ", ".join(sorted(words))
