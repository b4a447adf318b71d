"""Distributes one exploration over processes, with the same schedules and counts as in one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace

from booking_lab.config import Settings
from booking_lab.explorer import planning
from booking_lab.explorer.planning import PlanRequest
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan, ExplorationServers
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch, split_forks
from booking_lab.explorer.search.options import SearchOptions
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.sampling import RandomSearch
from booking_lab.explorer.search.schedule import parse
from booking_lab.explorer.search.search import Fork
from booking_lab.explorer.worker_pool import MOST_JOBS, worker_context, worker_pool
from booking_lab.runtime.strategy_registry import Registry

#: Seconds that one process explores before the pool is started: the start takes as long.
_SINGLE_PROCESS_SECONDS = 2.0
#: Estimated seconds of an exploration that one process does alone.
_NO_POOL_UNDER = 8.0
#: Seconds after which a process returns the rest of its job, so that it can be split.
_SLICE_SECONDS = 1.5

#: The rank of a schedule run, see ``ScheduleRun.rank``; its last part is the schedule.
Rank = tuple[int, int, str]
Progress = Callable[[Exploration, float], bool | None]


@dataclass(frozen=True)
class Job:
    """A part of an exploration.

    Attributes:
        plan_request: the names that the plan is made from.
        search_options: the schedules to run.
        forks: the forks on the way to this part; none: the whole exploration.
        numbers: the numbers of schedules that are drawn at random.
    """

    plan_request: PlanRequest
    search_options: SearchOptions
    forks: Sequence[Fork] = ()
    numbers: range = range(0)

    def search(self) -> ExhaustiveSearch | RandomSearch:
        """Return the search of this part."""
        if self.search_options.random is not None:
            return RandomSearch(
                self.numbers or self.search_options.random, self.search_options.seed
            )
        return ExhaustiveSearch(self.search_options.preemptions, self.forks)

    def remaining(self, search: ExhaustiveSearch | RandomSearch) -> Job | None:
        """Return the part that ``search`` has not run yet; none: there is nothing left."""
        if isinstance(search, RandomSearch):
            left = search.remaining
            return replace(self, numbers=left) if left else None
        forks = search.remaining_forks()
        return replace(self, forks=forks) if forks else None

    def split(self) -> tuple[Job, Job] | None:
        """Return two halves; none: there is only one schedule."""
        if self.search_options.random is not None:
            half = len(self.numbers) // 2
            parts = self.numbers[:half], self.numbers[half:]
            one, other = (replace(self, numbers=part) for part in parts)
            return (one, other) if half else None
        if halves := split_forks(self.forks):
            return replace(self, forks=halves[0]), replace(self, forks=halves[1])
        return None


@dataclass(frozen=True)
class _PartResult:
    """The result of one process. Schedule runs can't be sent; their ranks stand for them.

    Attributes:
        found: the counts.
        worst: the rank of the shortest bad schedule; none: there was none.
        faulty: the rank of the shortest schedule in which the strategy's own code failed.
        serial: the rank of the shortest schedule in which bookers that share nothing waited for
            each other or conflicted.
        last: the rank of the last schedule.
        share: the share of the whole exploration, from 0 to 1.
        rest: the part that is not run yet.
    """

    found: Exploration
    worst: Rank | None
    faulty: Rank | None
    serial: Rank | None
    last: Rank | None
    share: float
    rest: Job | None


def explore_in_parallel(
    servers: ExplorationServers,
    registry: Registry,
    plan: ExplorationPlan,
    job: Job,
    jobs: int,
    settings: Settings,
    progress: Progress = lambda _found, _share: None,
) -> Exploration:
    """Run ``job`` in several processes; the counts are the same as in one process.

    This process runs a short exploration alone.

    Args:
        servers: the servers.
        registry: the strategies.
        plan: the plan of ``job``.
        job: the whole exploration.
        jobs: the number of processes.
        settings: the settings with the folders of plug-ins.
        progress: called now and then with the findings so far, and with their share of all.

    Raises:
        Diverged: a schedule could not be repeated.
        Stuck: a booker neither stopped nor waits for another booker.
        Endless: a schedule did not end.
    """
    total = _Total(progress)
    alone = total.add(
        _explore_for(
            servers, registry, plan, job, _SINGLE_PROCESS_SECONDS, _NO_POOL_UNDER, progress
        )
    )
    if alone and not total.found.interrupted:
        try:
            with worker_pool(servers, min(jobs, MOST_JOBS), settings) as processes:
                _distribute(processes, jobs, alone, total)
        except KeyboardInterrupt:
            total.found.interrupted = True  # the findings so far count
    return total.result(servers, registry, plan, complete=job.search().complete)


def _distribute(processes: ProcessPoolExecutor, jobs: int, first: Job, total: _Total) -> None:
    """Submit jobs to the pool; split the rest of each job that returns."""
    waiting, running = [first], set[Future[_PartResult]]()
    while waiting or running:
        while len(running) < jobs and waiting:
            while len(waiting) < jobs - len(running) and (halves := waiting[-1].split()):
                waiting[-1:] = halves[::-1]
            running.add(processes.submit(_work, waiting.pop()))
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for one in done:
            if rest := total.add(one.result()):
                waiting.append(rest)


class _Total:
    """The sum of the results of all parts so far."""

    def __init__(self, progress: Progress) -> None:
        self.found = Exploration()
        self._progress = progress
        self._began = time.monotonic()
        self._share = 0.0
        self._ranks: dict[str, Rank | None] = dict.fromkeys(("worst", "faulty", "serial", "last"))

    def add(self, part: _PartResult) -> Job | None:
        """Add the result of one part; return the rest of its job."""
        self.found.merge(part.found)
        self.found.seconds = time.monotonic() - self._began
        self._share += part.share
        ranks = {"worst": part.worst, "faulty": part.faulty, "serial": part.serial}
        for name, rank in ranks.items():
            known = self._ranks[name]
            self._ranks[name] = min(known, rank) if known and rank else known or rank
        self._ranks["last"] = part.last or self._ranks["last"]
        self._progress(self.found, self._share)
        return part.rest

    def result(
        self,
        servers: ExplorationServers,
        registry: Registry,
        plan: ExplorationPlan,
        *,
        complete: bool,
    ) -> Exploration:
        """Return the sum; run the schedules of the ranks again to have their runs."""
        found = self.found
        found.complete = complete and not found.interrupted
        for name, rank in self._ranks.items():
            if rank:
                again = explore(servers, registry, plan, ReplaySearch(parse(rank[-1])), full=True)
                setattr(found, name, again.last)
        return found


# --- in the processes ----------------------------------------------------------------------------


def _work(job: Job) -> _PartResult:
    context = worker_context()
    plan = planning.make_plan(job.plan_request, context.registry, context.workloads)
    return _explore_for(context.servers, context.registry, plan, job, _SLICE_SECONDS)


def _explore_for(
    servers: ExplorationServers,
    registry: Registry,
    plan: ExplorationPlan,
    job: Job,
    seconds: float,
    patience: float = 0.0,
    progress: Progress = lambda _found, _share: None,
) -> _PartResult:
    """Explore for ``seconds``; or to the end, if the estimate for all is below ``patience``."""
    search, began = job.search(), time.monotonic()

    def go_on(found: Exploration, share: float) -> bool:
        progress(found, share)
        so_far = time.monotonic() - began
        return so_far < seconds or so_far < patience * share

    found = explore(servers, registry, plan, search, go_on, full=job.search_options.full)
    worst, faulty, serial, last = (
        one.rank if one else None for one in (found.worst, found.faulty, found.serial, found.last)
    )
    found.worst = found.faulty = found.serial = found.last = None
    rest = None if found.complete else job.remaining(search)
    share = search.share
    if job.search_options.random and job.numbers:
        share *= len(job.numbers) / job.search_options.random
    return _PartResult(found, worst, faulty, serial, last, share, rest)
