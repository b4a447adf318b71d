"""What the explorer shows of a strategy, held against what it promises."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload, Scenario
from booking_lab.core.strategy import Anomaly
from booking_lab.errors import BookingLabError
from booking_lab.explorer import report
from booking_lab.explorer.explore import Exploration, Place, Plan, explore
from booking_lab.explorer.schedule import Move, written
from booking_lab.explorer.search import Exhaustive
from booking_lab.explorer.trial import Event, Trial
from booking_lab.registry import Registry

#: Every mistake known to the lab shows with one preemption. Two are tried where that takes no more
#: schedules than this.
MOST = 120
#: Moves of a schedule that is taken for one without an end.
_LONGEST = 2000
#: Columns of a schedule that is drawn.
_WIDTH = 120
#: What can happen to a booker under whom nothing breaks.
_ORDINARY = {"confirmed", "refused", "conflict", "timeout"}
#: Errors that say that a server was away.
_AWAY = {"database_unavailable", "redis_unavailable"}


class Endless(BookingLabError):
    """A schedule comes to no end: the bookers go on and on."""


class _TooMany(Exception):
    """There are too many schedules to run all."""


class _Bounded(Exhaustive):
    """All with so few preemptions, none of them endless."""

    def choose(self, moves: Sequence[Move]) -> Move:
        """Pick the next move.

        Raises:
            Endless: there were too many.
        """
        if self._depth == _LONGEST:
            raise Endless(
                f"After {_LONGEST} moves the bookers are still at it; somebody tries again and "
                f"again, and never gives up. At last, possible was: {written(moves)}."
            )
        return super().choose(moves)


@dataclass(frozen=True)
class Sight:
    """One schedule, and what it was a schedule of."""

    plan: Plan
    trial: Trial

    def __str__(self) -> str:
        page = io.StringIO()
        report.draw(Console(file=page, width=_WIDTH), self.plan, self.trial)
        entry, _ = self.plan.strategy
        again = (
            f"booking-lab explore --strategy {entry.name} --workload {self.plan.workload.name} "
            f"--scenario '{self.plan.scenario.name}' --bookers {len(self.plan.scenario.requests)} "
            f"--workers {self.plan.workers} --schedule '{written(self.trial.schedule)}'"
        )
        return f"{report.about(self.plan)}\n\n{page.getvalue()}\nTo see it again:\n{again}"


@dataclass
class Found:
    """What was seen.

    Attributes:
        schedules: how many were run.
        bounds: with how many preemptions at most, each number once.
        shown: the shortest schedule that shows an anomaly, by anomaly.
        answered_wrongly: the first in which somebody got an answer that nobody should get.
        unannounced: the first with a step that was more than one message.
    """

    schedules: int = 0
    bounds: set[int] = field(default_factory=set)
    shown: dict[Anomaly, Sight] = field(default_factory=dict)
    answered_wrongly: Sight | None = None
    unannounced: Sight | None = None

    def look(self, plan: Plan, trial: Trial) -> None:
        """Take note of one more schedule."""
        self.schedules += 1
        sight = Sight(plan, trial)
        for anomaly in map(Anomaly, trial.anomalies):
            if anomaly not in self.shown or trial.length < self.shown[anomaly].trial.length:
                self.shown[anomaly] = sight
        if not all(_is_answer(plan, one.outcome, one.code) for one in trial.endings.values()):
            self.answered_wrongly = self.answered_wrongly or sight
        if any(_sends_too_much(event) for event in trial.events):
            self.unannounced = self.unannounced or sight

    def add(self, other: Found) -> None:
        """Take note of what was seen elsewhere."""
        self.schedules += other.schedules
        self.bounds |= other.bounds
        self.shown = other.shown | self.shown
        self.answered_wrongly = self.answered_wrongly or other.answered_wrongly
        self.unannounced = self.unannounced or other.unannounced


@dataclass(frozen=True)
class Question:
    """What is to be explored.

    Attributes:
        subject: the strategy.
        workload: what is booked.
        bookers: how many.
        nemesis: what can go wrong; empty: nothing.
        preemptions: how often a booker is interrupted at most.
        everything: whether in all scenarios, or in the plainest alone.
    """

    subject: Subject
    workload: LabWorkload
    bookers: int = 2
    nemesis: str = ""
    preemptions: int = 2
    everything: bool = False

    @property
    def scenarios(self) -> Sequence[Scenario]:
        """What the bookers contend for."""
        scenarios = self.subject.scenarios(self.workload, self.bookers)
        return scenarios if self.everything else scenarios[:1]

    def __str__(self) -> str:
        words = [self.subject.name, self.workload.name, f"{self.bookers} bookers", self.nemesis]
        return ", ".join(filter(None, words))


#: Answers a question.
Explore = Callable[[Question], Found]


class Explorations:
    """Explores, each question once."""

    def __init__(self, place: Place, registry: Registry) -> None:
        self._place = place
        self._registry = registry
        self._found: dict[str, Found | Exception] = {}

    def of(self, question: Question) -> Found:
        """Return what is found.

        Raises:
            Endless, Stuck, Diverged: a schedule could not be run to its end.
        """
        if str(question) not in self._found:
            self._found[str(question)] = self._of(question)
        found = self._found[str(question)]
        if isinstance(found, Exception):
            raise found
        return found

    def _of(self, question: Question) -> Found | Exception:
        found = Found()
        try:
            for scenario in question.scenarios:
                for one in self._placements(question, scenario):
                    found.add(one)
        except Exception as error:  # the next who asks gets it as well, and at once
            return error
        return found

    def _placements(self, question: Question, scenario: Scenario) -> Iterator[Found]:
        bookers = len(scenario.requests)
        for workers in (bookers, 1):
            plan = Plan(
                (question.subject.entry, question.subject.strategy),
                question.workload,
                scenario,
                workers,
                (question.nemesis,) if question.nemesis else (),
            )
            found, shares_memory = self._explored(plan, question.preemptions)
            yield found
            if not shares_memory:
                break  # then it makes no difference in how many processes the bookers are

    def _explored(self, plan: Plan, preemptions: int) -> tuple[Found, bool]:
        """Return what is found with so many preemptions, or with one less where these are many."""
        found = Found(bounds={preemptions})

        def look(exploration: Exploration, _share: float) -> None:
            assert exploration.last
            found.look(plan, exploration.last)
            if preemptions > 1 and found.schedules > MOST:
                raise _TooMany

        try:
            all_of_it = explore(self._place, self._registry, plan, _Bounded(preemptions), look)
        except _TooMany:
            fewer, shares_memory = self._explored(plan, preemptions - 1)
            fewer.add(Found(shown=found.shown))
            return fewer, shares_memory
        return found, all_of_it.shares_memory


def promised(subject: Subject, nemesis: str = "") -> frozenset[Anomaly]:
    """What a strategy may let through by its own word."""
    kind = subject.kind
    return kind.allows | (kind.allows_under_faults if nemesis else frozenset())


def broken_promises(question: Question, found: Found) -> str:
    """Tell what was shown against the strategy's word, with the schedules; empty: nothing."""
    name, allowed = question.subject.name, promised(question.subject, question.nemesis)
    sights: dict[int, tuple[Sight, list[str]]] = {}
    for anomaly, sight in found.shown.items():
        if anomaly not in allowed:
            sights.setdefault(id(sight.trial), (sight, []))[1].append(anomaly)
    return "\n\n".join(
        f"{name} does not allow {' and '.join(anomalies)}, and here it is.\n{sight}"
        for sight, anomalies in sights.values()
    )


def _is_answer(plan: Plan, outcome: str, code: str) -> bool:
    if outcome in _ORDINARY:
        return True
    return bool(plan.nemeses) and (outcome in {"died", "unknown"} or code in _AWAY)


def _sends_too_much(event: Event) -> bool:
    """Whether a step was more than one message; undoing what failed is part of the failure."""
    messages = [one for one in event.messages if one.statement != "ROLLBACK"]
    return event.move.is_bookers and len(messages) > 1
