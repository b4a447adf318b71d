"""Runs a plan: one strategy, one scenario, many schedules."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue

from booking_lab.core.capability import SERVERS
from booking_lab.core.lease import Memory, Servers
from booking_lab.core.scenario import booker as booker_name
from booking_lab.explorer.recording.digest import of_trial
from booking_lab.explorer.recording.schedule_run import Trial
from booking_lab.explorer.scheduler.booker import Booker
from booking_lab.explorer.scheduler.clock import ScheduledClock
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.process_code import Image
from booking_lab.explorer.scheduler.nemesis import NEMESES, SLOW_NEMESES
from booking_lab.explorer.scheduler.plan import Place, Plan
from booking_lab.explorer.scheduler.scheduler import Stage
from booking_lab.explorer.scheduler.scenario_database import World
from booking_lab.explorer.search.schedule import Diverged, Move
from booking_lab.explorer.search.search import Search
from booking_lab.explorer.search.symmetry import Symmetry
from booking_lab.runtime.engine import Wish
from booking_lab.runtime.strategy_registry import Registry


def explore(
    place: Place,
    registry: Registry,
    plan: Plan,
    search: Search,
    progress: Callable[[Exploration, float], bool | None] = lambda _found, _share: None,
    *,
    full: bool = False,
) -> Exploration:
    """Run the schedules that ``search`` picks; return what was found, also if interrupted.

    Of schedules that differ by the names of bookers alone, who ask for the same thing, one is run.

    Args:
        place: the servers.
        registry: the strategies.
        plan: what to explore.
        search: which schedules.
        progress: told after each schedule, with the share of all that is done; false: enough.
        full: whether to run those as well that others stand for.

    Raises:
        Diverged: a schedule could not be repeated.
        Stuck: a booker came to no stop.
        Endless: a schedule came to no end.
    """
    found = Exploration()
    began = time.monotonic()
    workers = plan.workers or len(plan.scenario.requests)
    symmetry = Symmetry()
    if not full:
        symmetry = Symmetry.of(plan.scenario.requests, workers, first_apart=plan.beside is not None)
    try:
        with _stage(place, registry, plan, symmetry) as (play, shares):
            while search.begin():
                trial, stands_for = play(search)
                if not search.counts:
                    continue
                found.add(trial, stands_for)
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
        found.interrupted = True  # what was found so far counts
    found.seconds = time.monotonic() - began
    return found


@contextmanager
def _stage(
    place: Place, registry: Registry, plan: Plan, symmetry: Symmetry
) -> Iterator[tuple[Callable[[Search], tuple[Trial, int]], Callable[[], bool]]]:
    """Set up everything for the plan; yields what runs one schedule, and what tells of sharing.

    What runs one says how many it stands for.
    """
    clock = ScheduledClock()
    arrivals: SimpleQueue[Booker] = SimpleQueue()
    with ExitStack() as held:
        world = World(
            held.enter_context(place.sessions.session()),
            plan.workload,
            plan.scenario,
            plan.strategy[1],
        )
        workers = plan.workers or len(plan.scenario.requests)
        memories = [Memory() for _ in range(workers)]
        images = [
            [Image(*one, plan.workload, number) for number in range(workers)]
            for one in plan.strategies
        ]
        servers = _servers(place, memories, clock)
        bookers: list[Booker] = []
        held.callback(_end, bookers)
        for number in range(len(plan.scenario.requests)):
            own = servers[number % len(servers)]
            bookers.append(
                Booker(
                    booker_name(number),
                    place.sessions,
                    own,
                    registry,
                    arrivals,
                    clock,
                    world.cancel,
                )
            )
        needs = {need for _, strategy in plan.strategies for need in strategy.needs}
        outside = needs & SERVERS
        clients = [one for one in (servers[0].redis, *servers[0].redlock) if one and outside]
        nemeses = [(NEMESES | SLOW_NEMESES)[name]() for name in plan.nemeses]
        stage = Stage(world, bookers, nemeses, clock, arrivals, plan.name)
        may_share = any(image.shares for of_one in images for image in of_one)

        def begin() -> None:
            for memory in memories:
                memory.clear()
            for client in clients:
                client.flushdb()
            for image in (image for of_one in images for image in of_one):
                image.begin()
            for number, (booker, task) in enumerate(zip(bookers, world.tasks, strict=True)):
                image = images[-1 if number else 0][number % workers]
                wish = Wish("", (image.entry, image.strategy))
                booker.begin(image.heard, task, wish, at_begin=may_share)

        def play(search: Search) -> tuple[Trial, int]:
            symmetry.begin()

            def choose(moves: Sequence[Move], seen: int) -> Move:
                move = search.choose(symmetry.allowed(moves), seen)
                symmetry.made(move)
                return move

            trial = stage.play(begin, choose)
            search.end(of_trial(trial))
            return trial, symmetry.stands_for

        yield play, lambda: may_share or any(memory.used for memory in memories)


def _end(bookers: Sequence[Booker]) -> None:
    """End all threads and connections: also those of who waits for another."""
    for booker in bookers:
        booker.end()
    for booker in bookers:
        booker.join()


def _servers(place: Place, memories: Sequence[Memory], clock: ScheduledClock) -> list[Servers]:
    """The servers as each worker sees them: the same, but for its memory."""
    redis, *redlock = place.clients
    return [Servers(redis, tuple(redlock), memory, clock) for memory in memories]
