"""Runs the schedules of a plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue

from booking_lab.core.capability import SERVERS
from booking_lab.core.lease import ProcessMemory, Servers
from booking_lab.core.scenario import booker_name
from booking_lab.explorer.recording.digest import digest_of_run
from booking_lab.explorer.recording.schedule_run import ScheduleRun
from booking_lab.explorer.scheduler.booker import Booker
from booking_lab.explorer.scheduler.clock import ScheduledClock
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.nemesis import NEMESES, SLOW_NEMESES
from booking_lab.explorer.scheduler.plan import ExplorationPlan, ExplorationServers
from booking_lab.explorer.scheduler.process_code import ProcessCode
from booking_lab.explorer.scheduler.scenario_database import ScenarioDatabase
from booking_lab.explorer.scheduler.scheduler import Scheduler
from booking_lab.explorer.search.schedule import Diverged, ScheduleMove
from booking_lab.explorer.search.search import Search
from booking_lab.explorer.search.symmetry import Symmetry
from booking_lab.runtime.engine import BookingContext
from booking_lab.runtime.strategy_registry import Registry


def explore(
    servers: ExplorationServers,
    registry: Registry,
    plan: ExplorationPlan,
    search: Search,
    progress: Callable[[Exploration, float], bool | None] = lambda _found, _share: None,
    *,
    full: bool = False,
) -> Exploration:
    """Run the schedules of ``search``, and return the findings, also after Ctrl-C.

    Of schedules that differ only by the names of bookers with the same request, one is run.

    Args:
        servers: the servers.
        registry: the strategies.
        plan: the plan.
        search: the search that chooses the schedules.
        progress: called after each schedule with the findings so far, and with their share of all
            schedules; the exploration ends if it returns false.
        full: whether to run also the schedules that others stand for.

    Raises:
        Diverged: a schedule could not be repeated.
        Stuck: a booker neither stopped nor waits for another booker.
        Endless: a schedule did not end.
    """
    found = Exploration()
    began = time.monotonic()
    workers = plan.workers or len(plan.scenario.requests)
    symmetry = Symmetry()
    if not full:
        symmetry = Symmetry.of(plan.scenario.requests, workers, first_apart=plan.beside is not None)
    try:
        with _prepared(servers, registry, plan, symmetry) as (run_schedule, shares):
            while search.begin():
                schedule_run, stands_for = run_schedule(search)
                if not search.is_new:
                    continue
                found.add(schedule_run, stands_for)
                found.shares_memory |= shares()
                found.seconds = time.monotonic() - began
                if progress(found, search.share) is False:
                    break
            else:
                found.complete = search.complete
    except Diverged as error:
        where = f"{plan.name} on {plan.workload.name}, {plan.scenario.name!r}"
        raise Diverged(f"{where}: {error}") from error
    except KeyboardInterrupt:
        found.interrupted = True  # the findings so far count
    found.seconds = time.monotonic() - began
    return found


@contextmanager
def _prepared(
    servers: ExplorationServers, registry: Registry, plan: ExplorationPlan, symmetry: Symmetry
) -> Iterator[tuple[Callable[[Search], tuple[ScheduleRun, int]], Callable[[], bool]]]:
    """Set up the database, the bookers and the scheduler of a plan for the block.

    Yields:
        A function that runs one schedule and returns its run with the number of schedules that it
        stands for; and a function that returns whether bookers may have shared memory.
    """
    clock = ScheduledClock()
    arrivals: SimpleQueue[Booker] = SimpleQueue()
    with ExitStack() as held:
        database = ScenarioDatabase(
            held.enter_context(servers.connector.session()),
            plan.workload,
            plan.scenario,
            plan.strategy[1],
        )
        workers = plan.workers or len(plan.scenario.requests)
        memories = [ProcessMemory() for _ in range(workers)]
        codes = [
            [ProcessCode(*one, plan.workload, number) for number in range(workers)]
            for one in plan.strategies
        ]
        worker_servers = _worker_servers(servers, memories, clock)
        bookers: list[Booker] = []
        held.callback(_stop, bookers)
        for number in range(len(plan.scenario.requests)):
            own = worker_servers[number % len(worker_servers)]
            bookers.append(
                Booker(
                    booker_name(number),
                    servers.connector,
                    own,
                    registry,
                    arrivals,
                    clock,
                    database.cancel,
                )
            )
        needs = {need for _, strategy in plan.strategies for need in strategy.needs}
        outside = needs & SERVERS
        clients = [
            one for one in (worker_servers[0].redis, *worker_servers[0].redlock) if one and outside
        ]
        nemeses = [(NEMESES | SLOW_NEMESES)[name]() for name in plan.nemeses]
        scheduler = Scheduler(database, bookers, nemeses, clock, arrivals, plan.name)
        may_share = any(code.may_share for of_one in codes for code in of_one)

        def begin() -> None:
            for memory in memories:
                memory.clear()
            for client in clients:
                client.flushdb()
            for code in (code for of_one in codes for code in of_one):
                code.reload()
            for number, (booker, task) in enumerate(zip(bookers, database.tasks, strict=True)):
                code = codes[-1 if number else 0][number % workers]
                wish = BookingContext("", (code.entry, code.strategy))
                booker.start(code.recorded_workload, task, wish, at_begin=may_share)

        def run_schedule(search: Search) -> tuple[ScheduleRun, int]:
            symmetry.reset()

            def choose(moves: Sequence[ScheduleMove], digest: int) -> ScheduleMove:
                move = search.choose(symmetry.allowed(moves), digest)
                symmetry.record(move)
                return move

            schedule_run = scheduler.run(begin, choose)
            search.end(digest_of_run(schedule_run))
            return schedule_run, symmetry.stands_for

        yield run_schedule, lambda: may_share or any(memory.used for memory in memories)


def _stop(bookers: Sequence[Booker]) -> None:
    """End all threads and connections, also those of bookers that wait for others."""
    for booker in bookers:
        booker.stop()
    for booker in bookers:
        booker.join()


def _worker_servers(
    servers: ExplorationServers, memories: Sequence[ProcessMemory], clock: ScheduledClock
) -> list[Servers]:
    """Return the servers of each worker; they differ in its memory only."""
    redis, *redlock = servers.clients
    return [Servers(redis, tuple(redlock), memory, clock) for memory in memories]
