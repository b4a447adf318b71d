"""Explorations of strategies, compared with their promises."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console

from booking_lab.conformance.subjects import Subject
from booking_lab.core.booking import Outcome
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.scenario import Scenario
from booking_lab.core.strategy import Anomaly
from booking_lab.core.verdict import Verdict
from booking_lab.errors import BookingLabError, DatabaseUnavailable, RedisUnavailable, StrategyFault
from booking_lab.explorer.output import report
from booking_lab.explorer.recording.schedule_run import DIED, MoveEvent, ScheduleRun, TransactionEnd
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.gate import BEGIN
from booking_lab.explorer.scheduler.plan import ExplorationPlan, ExplorationServers
from booking_lab.explorer.search.depth import THREE_BOOKER_NEMESIS, Depth, for_faults, for_three
from booking_lab.explorer.search.schedule import schedule_text
from booking_lab.runtime.strategy_registry import Registry

#: The width of a drawn schedule in columns.
_WIDTH = 120
#: The outcomes that a booker may have without a nemesis.
_ORDINARY = {Outcome.CONFIRMED, Outcome.REFUSED, Outcome.CONFLICT, Outcome.TIMEOUT}
#: The codes of errors of a server that is away.
_AWAY = {DatabaseUnavailable.code, RedisUnavailable.code}


@dataclass(frozen=True)
class Depths:
    """The depths of all kinds of explorations.

    Attributes:
        plainest: for the plainest scenario of two bookers.
        two: for all other scenarios of two bookers.
        shared: for two bookers that share a part of their things or change bookings, with a
            nemesis; there are many such scenarios.
        three: for scenarios of three bookers; a third booker needs one more preemption.
        without_locks: for scenarios of three bookers in which a lock expires.
    """

    plainest: Depth
    two: Depth
    shared: Depth
    three: Depth
    without_locks: Depth

    def of(self, question: Question) -> Depth:
        """Return the depth for a question."""
        if question.bookers == 2:
            if question.everything:
                return self.shared if question.nemesis else self.two
            return self.two if question.nemesis else self.plainest
        return self.without_locks if question.nemesis == THREE_BOOKER_NEMESIS else self.three


#: One preemption shows most mistakes of two bookers. Two preemptions are used where there are few
#: schedules.
QUICK = Depths(Depth(2, 60), Depth(1, 40), Depth(1, 10), Depth(2, 40), Depth(2, 600))
#: For a second search for an anomaly that a strategy allows and that QUICK does not show.
PATIENT = Depths(Depth(2, 400), Depth(2, 400), Depth(2, 400), Depth(2, 400), Depth(2, 600))
THOROUGH = Depths(Depth(2, 2000), Depth(2, 2000), Depth(2, 2000), Depth(2, 6000), Depth(2, 6000))


@dataclass(frozen=True)
class Observation:
    """One schedule that was run, and its plan."""

    plan: ExplorationPlan
    schedule_run: ScheduleRun

    def __str__(self) -> str:
        page = io.StringIO()
        report.print_timeline(Console(file=page, width=_WIDTH), self.plan, self.schedule_run)
        entry, _ = self.plan.strategy
        again = (
            f"booking-lab explore --strategy {entry.name} --workload {self.plan.workload.name} "
            f"--scenario '{self.plan.scenario.name}' --bookers {len(self.plan.scenario.requests)} "
            f"--workers {self.plan.workers} "
            f"--schedule '{schedule_text(self.schedule_run.schedule)}'"
        )
        return f"{report.plan_text(self.plan)}\n\n{page.getvalue()}\nTo see it again:\n{again}"


@dataclass
class ExplorationFindings:
    """The findings for a question.

    Attributes:
        schedules: the number of schedules that were run.
        contests: the number of scenarios, counted for each number of processes.
        sampled: the number of these with more schedules than were run.
        confirmed: the number of confirmed bookings.
        struck: the number of schedules with a strike of the nemesis.
        shown: the shortest schedule with each anomaly.
        serialised: the first schedule in which bookers that share nothing waited for each other or
            conflicted.
        answered_wrongly: the first schedule with an answer that is not valid.
        unannounced: the first schedule with a step of several messages.
    """

    schedules: int = 0
    contests: int = 0
    sampled: int = 0
    confirmed: int = 0
    struck: int = 0
    shown: dict[Anomaly, Observation] = field(default_factory=dict)
    serialised: Observation | None = None
    answered_wrongly: Observation | None = None
    unannounced: Observation | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict on the schedules that were run."""
        if self.shown or self.answered_wrongly:
            return Verdict.WRONG
        return Verdict.SAFE if self.schedules else Verdict.INCONCLUSIVE

    def record(self, plan: ExplorationPlan, schedule_run: ScheduleRun) -> None:
        """Record one more schedule."""
        self.schedules += 1
        self.confirmed += sum(
            one.outcome == Outcome.CONFIRMED for one in schedule_run.endings.values()
        )
        self.struck += any(move.actor in plan.nemeses for move in schedule_run.schedule)
        seen = Observation(plan, schedule_run)
        for anomaly in map(Anomaly, schedule_run.anomalies):
            if (
                anomaly not in self.shown
                or schedule_run.rank < self.shown[anomaly].schedule_run.rank
            ):
                self.shown[anomaly] = seen
        if schedule_run.serialised:
            self.serialised = self.serialised or seen
        if not all(
            _is_answer(plan, one.outcome, one.code) for one in schedule_run.endings.values()
        ):
            self.answered_wrongly = self.answered_wrongly or seen
        if any(_sends_several_messages(event) for event in schedule_run.events):
            self.unannounced = self.unannounced or seen


@dataclass(frozen=True)
class Question:
    """A set of scenarios to explore.

    Attributes:
        subject: the strategy.
        workload: the workload.
        bookers: the number of bookers.
        nemesis: the name of the nemesis; empty: none.
        everything: false: only the plainest scenario. True: all scenarios; with three bookers, only
            those in which all want the same thing; with two and a nemesis, only those in which they
            share a part of their things or change bookings.
    """

    subject: Subject
    workload: LabWorkload
    bookers: int = 2
    nemesis: str = ""
    everything: bool = False

    @property
    def scenarios(self) -> Sequence[Scenario]:
        """The scenarios to explore."""
        scenarios = self.subject.scenarios(self.workload, self.bookers)
        if not self.everything:
            return scenarios[:1]
        if self.bookers > 2:
            return for_three(scenarios)
        return for_faults(scenarios, self.workload) if self.nemesis else scenarios

    def __str__(self) -> str:
        words = [self.subject.name, self.workload.name, f"{self.bookers} bookers", self.nemesis]
        return ", ".join(filter(None, [*words, "everything" if self.everything else ""]))


#: Whether the findings so far are enough, so that no further scenarios are needed.
Enough = Callable[[ExplorationFindings], object]


def never(_found: ExplorationFindings) -> bool:
    """Return false: explore all scenarios."""
    return False


class Explore(Protocol):
    """A function that explores a question, with the depth of the run or another one."""

    def __call__(
        self, question: Question, depth: Depths | None = None, enough: Enough = never
    ) -> ExplorationFindings:
        """Return the findings when they are enough, or when all scenarios are explored."""
        ...


@dataclass
class _Progress:
    """The findings for a question, its remaining scenarios, and the error that stopped it."""

    found: ExplorationFindings
    contests: Iterator[None]
    error: Exception | None = None


class Explorations:
    """Explores questions, each scenario once.

    Args:
        servers: the servers.
        registry: the strategies.
        depth: the default depths.
    """

    def __init__(self, servers: ExplorationServers, registry: Registry, depth: Depths) -> None:
        self._servers = servers
        self._registry = registry
        self._depth = depth
        self._progress: dict[tuple[str, Depths], _Progress] = {}

    def of(
        self, question: Question, depth: Depths | None = None, enough: Enough = never
    ) -> ExplorationFindings:
        """Return the findings when they are enough, or when all scenarios are explored.

        If the same question is asked again, the exploration goes on from where it stopped.

        Raises:
            Endless, Stuck, Diverged: a schedule could not be run to its end.
        """
        key = str(question), depth or self._depth
        if key not in self._progress:
            found = ExplorationFindings()
            contests = self._contests(question, depth or self._depth, found)
            self._progress[key] = _Progress(found, contests)
        progress = self._progress[key]
        while not enough(progress.found):
            if progress.error:
                raise progress.error
            try:
                next(progress.contests)
            except StopIteration:
                break
            except Exception as error:  # the next call raises it at once
                progress.error = error
        return progress.found

    def _contests(
        self, question: Question, depth: Depths, found: ExplorationFindings
    ) -> Iterator[None]:
        """Explore one scenario after the other."""
        for scenario in question.scenarios:
            self._contest(question, scenario, depth, found)
            yield

    def _contest(
        self, question: Question, scenario: Scenario, depth: Depths, found: ExplorationFindings
    ) -> None:
        """Explore one scenario: a worker for each booker, and all of them in one."""
        for workers in (question.bookers, 1):
            plan = ExplorationPlan(
                (question.subject.entry, question.subject.strategy),
                question.workload,
                scenario,
                workers,
                (question.nemesis,) if question.nemesis else (),
            )
            sample = depth.of(question).sample()

            def record(
                exploration: Exploration, _share: float, plan: ExplorationPlan = plan
            ) -> None:
                assert exploration.last
                found.record(plan, exploration.last)

            exploration = explore(self._servers, self._registry, plan, sample, record)
            if exploration.interrupted:
                raise KeyboardInterrupt
            found.contests += 1
            found.sampled += not sample.has_run_all
            if not exploration.shares_memory:
                break  # then the number of processes makes no difference


def broken_promises(question: Question, found: ExplorationFindings) -> str:
    """Return the anomalies that the strategy does not allow, with schedules; empty: none."""
    name = question.subject.name
    allowed = question.subject.entry.allows(under_faults=bool(question.nemesis))
    broken: dict[int, tuple[Observation, list[str]]] = {}
    for anomaly, seen in found.shown.items():
        if anomaly not in allowed:
            broken.setdefault(id(seen.schedule_run), (seen, []))[1].append(anomaly)
    return "\n\n".join(
        f"{name} does not allow {' and '.join(anomalies)}, and here it is.\n{seen}"
        for seen, anomalies in broken.values()
    )


def _is_answer(plan: ExplorationPlan, outcome: str, code: str) -> bool:
    if outcome in _ORDINARY:
        return code != StrategyFault.code  # the strategy's code failed after its commit
    return bool(plan.nemeses) and (outcome in {DIED, Outcome.UNKNOWN} or code in _AWAY)


def _sends_several_messages(event: MoveEvent) -> bool:
    """Whether a step sent more than one message.

    The rollback after a failure, and the look-up of the reason for a refusal, don't count.
    """
    if not event.move.is_by_booker or any(
        isinstance(decision, BookingLabError) for _, decision in event.decided
    ):
        return False
    most = 0 if event.move.what == BEGIN else 1
    return sum(message.ends is not TransactionEnd.ROLLBACK for message in event.messages) > most
