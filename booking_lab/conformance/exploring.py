"""What the explorer shows of a strategy, held against what it promises."""

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

#: Columns of a schedule that is drawn.
_WIDTH = 120
#: What can happen to a booker under whom nothing breaks.
_ORDINARY = {Outcome.CONFIRMED, Outcome.REFUSED, Outcome.CONFLICT, Outcome.TIMEOUT}
#: Errors that say that a server was away.
_AWAY = {DatabaseUnavailable.code, RedisUnavailable.code}


@dataclass(frozen=True)
class Depths:
    """How far explorations go.

    Attributes:
        plainest: of the plainest contest of two.
        two: of contests of two.
        shared: of those in which they share things in part or change bookings, when a nemesis
            strikes; there are many.
        three: of contests of three, which are longer; a third one takes an interruption more.
        without_locks: of these, when a lock expires.
    """

    plainest: Depth
    two: Depth
    shared: Depth
    three: Depth
    without_locks: Depth

    def of(self, question: Question) -> Depth:
        """Return that of a question."""
        if question.bookers == 2:
            if question.everything:
                return self.shared if question.nemesis else self.two
            return self.two if question.nemesis else self.plainest
        return self.without_locks if question.nemesis == THREE_BOOKER_NEMESIS else self.three


#: Most mistakes that two bookers can make show with one preemption; those that take another one are
#: looked for where there are few schedules.
QUICK = Depths(Depth(2, 60), Depth(1, 40), Depth(1, 10), Depth(2, 40), Depth(2, 600))
#: Before a strategy is said to allow what never shows.
PATIENT = Depths(Depth(2, 400), Depth(2, 400), Depth(2, 400), Depth(2, 400), Depth(2, 600))
THOROUGH = Depths(Depth(2, 2000), Depth(2, 2000), Depth(2, 2000), Depth(2, 6000), Depth(2, 6000))


@dataclass(frozen=True)
class Observation:
    """One schedule, and what it was a schedule of."""

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
    """What was seen.

    Attributes:
        schedules: how many were run.
        contests: what was contended for, in how many ways.
        sampled: in how many of them there were more schedules than were run.
        confirmed: how many bookers got what they asked for.
        struck: how many schedules the nemesis struck in.
        shown: the shortest schedule that shows an anomaly, by anomaly.
        serialised: the first in which bookers who share nothing were in each other's way.
        answered_wrongly: the first in which somebody got an answer that nobody should get.
        unannounced: the first with a step that was more than one message.
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
        """Take note of one more schedule."""
        self.schedules += 1
        self.confirmed += sum(
            one.outcome == Outcome.CONFIRMED for one in schedule_run.endings.values()
        )
        self.struck += any(move.actor in plan.nemeses for move in schedule_run.schedule)
        sight = Observation(plan, schedule_run)
        for anomaly in map(Anomaly, schedule_run.anomalies):
            if (
                anomaly not in self.shown
                or schedule_run.rank < self.shown[anomaly].schedule_run.rank
            ):
                self.shown[anomaly] = sight
        if schedule_run.serialised:
            self.serialised = self.serialised or sight
        if not all(
            _is_answer(plan, one.outcome, one.code) for one in schedule_run.endings.values()
        ):
            self.answered_wrongly = self.answered_wrongly or sight
        if any(_sends_several_messages(event) for event in schedule_run.events):
            self.unannounced = self.unannounced or sight


@dataclass(frozen=True)
class Question:
    """What is to be explored.

    Attributes:
        subject: the strategy.
        workload: what is booked.
        bookers: how many.
        nemesis: what can go wrong; empty: nothing.
        everything: whether in all scenarios, or in the plainest alone; of three, in all in which
            they want the same; of two whom a nemesis strikes, in all in which they share things in
            part or change bookings.
    """

    subject: Subject
    workload: LabWorkload
    bookers: int = 2
    nemesis: str = ""
    everything: bool = False

    @property
    def scenarios(self) -> Sequence[Scenario]:
        """What the bookers contend for."""
        scenarios = self.subject.scenarios(self.workload, self.bookers)
        if not self.everything:
            return scenarios[:1]
        if self.bookers > 2:
            return for_three(scenarios)
        return for_faults(scenarios, self.workload) if self.nemesis else scenarios

    def __str__(self) -> str:
        words = [self.subject.name, self.workload.name, f"{self.bookers} bookers", self.nemesis]
        return ", ".join(filter(None, [*words, "everything" if self.everything else ""]))


#: Whether what has been found answers the question, so that no more contests are needed.
Enough = Callable[[ExplorationFindings], object]


def never(_found: ExplorationFindings) -> bool:
    """Explore all contests."""
    return False


class Explore(Protocol):
    """Answers a question, as deep as the run goes, or deeper."""

    def __call__(
        self, question: Question, depth: Depths | None = None, enough: Enough = never
    ) -> ExplorationFindings:
        """Return what is found, once it is enough or all contests are explored."""
        ...


@dataclass
class _Progress:
    """What has been found to a question, the contests that are left, and what stopped it."""

    found: ExplorationFindings
    contests: Iterator[None]
    error: Exception | None = None


class Explorations:
    """Explores, each contest once.

    Args:
        servers: the servers.
        registry: the strategies.
        depth: how far to go, where nothing else is asked for.
    """

    def __init__(self, servers: ExplorationServers, registry: Registry, depth: Depths) -> None:
        self._place = servers
        self._registry = registry
        self._depth = depth
        self._answers: dict[tuple[str, Depths], _Progress] = {}

    def of(
        self, question: Question, depth: Depths | None = None, enough: Enough = never
    ) -> ExplorationFindings:
        """Return what is found, once it is enough or all contests are explored.

        Whoever asks the same again, and wants more, has it explored from there on.

        Raises:
            Endless, Stuck, Diverged: a schedule could not be run to its end.
        """
        key = str(question), depth or self._depth
        if key not in self._answers:
            found = ExplorationFindings()
            contests = self._contests(question, depth or self._depth, found)
            self._answers[key] = _Progress(found, contests)
        answer = self._answers[key]
        while not enough(answer.found):
            if answer.error:
                raise answer.error
            try:
                next(answer.contests)
            except StopIteration:
                break
            except Exception as error:  # the next who asks gets it as well, and at once
                answer.error = error
        return answer.found

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

            def look(exploration: Exploration, _share: float, plan: ExplorationPlan = plan) -> None:
                assert exploration.last
                found.record(plan, exploration.last)

            exploration = explore(self._place, self._registry, plan, sample, look)
            if exploration.interrupted:
                raise KeyboardInterrupt
            found.contests += 1
            found.sampled += not sample.has_run_all
            if not exploration.shares_memory:
                break  # then it makes no difference in how many processes the bookers are


def broken_promises(question: Question, found: ExplorationFindings) -> str:
    """Tell what was shown against the strategy's word, with the schedules; empty: nothing."""
    name = question.subject.name
    allowed = question.subject.entry.allows(under_faults=bool(question.nemesis))
    sights: dict[int, tuple[Observation, list[str]]] = {}
    for anomaly, sight in found.shown.items():
        if anomaly not in allowed:
            sights.setdefault(id(sight.schedule_run), (sight, []))[1].append(anomaly)
    return "\n\n".join(
        f"{name} does not allow {' and '.join(anomalies)}, and here it is.\n{sight}"
        for sight, anomalies in sights.values()
    )


def _is_answer(plan: ExplorationPlan, outcome: str, code: str) -> bool:
    if outcome in _ORDINARY:
        return code != StrategyFault.code  # it failed after its commit
    return bool(plan.nemeses) and (outcome in {DIED, Outcome.UNKNOWN} or code in _AWAY)


def _sends_several_messages(event: MoveEvent) -> bool:
    """Whether a step was more than one message.

    Undoing what failed is part of the failure, and looking up why it did is part of the refusal.
    """
    if not event.move.is_by_booker or any(
        isinstance(decision, BookingLabError) for _, decision in event.decided
    ):
        return False
    most = 0 if event.move.what == BEGIN else 1
    return sum(message.ends is not TransactionEnd.ROLLBACK for message in event.messages) > most
