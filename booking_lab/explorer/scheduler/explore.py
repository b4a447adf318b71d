"""Explorations: one strategy, one scenario, many schedules."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from queue import SimpleQueue
from typing import Any

from redis import Redis

from booking_lab.core.capability import Capability
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.lease import Servers
from booking_lab.core.scenario import Scenario
from booking_lab.core.strategy import Strategy
from booking_lab.explorer.recording.calls import overhear
from booking_lab.explorer.recording.digest import of_trial
from booking_lab.explorer.recording.sessions import Sessions
from booking_lab.explorer.recording.trial import Trial
from booking_lab.explorer.scheduler.booker import Booker
from booking_lab.explorer.scheduler.clock import ScheduledClock
from booking_lab.explorer.scheduler.image import Image
from booking_lab.explorer.scheduler.nemesis import NEMESES, SLOW_NEMESES
from booking_lab.explorer.scheduler.stage import Stage
from booking_lab.explorer.scheduler.world import World
from booking_lab.explorer.search.schedule import Diverged, Move
from booking_lab.explorer.search.search import Search
from booking_lab.explorer.search.symmetry import Symmetry
from booking_lab.locks import redis_lock
from booking_lab.runtime.engine import Wish
from booking_lab.runtime.strategy_registry import Entry, Registry

#: Seconds to wait for Redis.
_REDIS_TIMEOUT = 5.0


class Memory(dict[str, Any]):
    """What the threads of one worker share; tells whether anybody has used it."""

    used = False

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Take note that it is used; whoever shares something has to put it in like this."""
        self.used = True
        return super().setdefault(key, default)


@dataclass(frozen=True)
class Place:
    """The servers of an exploration; the database and Redis belong to it alone.

    Attributes:
        database_url: PostgreSQL, with the lab's tables.
        redis_url: Redis or Valkey.
        redlock_urls: the servers of Redlock.
        part: makes another place like this one, for a process of a crew, fifteen at most; none:
            there is no more than this one.
    """

    database_url: str
    redis_url: str = ""
    redlock_urls: Sequence[str] = ()
    part: Callable[[], Place] | None = None

    @cached_property
    def sessions(self) -> Sessions:
        """Its connections; they stay open for as long as there is the place."""
        return Sessions(self.database_url)

    @cached_property
    def clients(self) -> Sequence[Redis | None]:
        """Its clients of Redis and of Redlock's servers; they stay connected as well."""
        clients = [
            redis_lock.connect(url, _REDIS_TIMEOUT) if url else None
            for url in (self.redis_url, *self.redlock_urls)
        ]
        for client in clients:
            if client:
                overhear(client)
        return clients


@dataclass(frozen=True)
class Plan:
    """What to explore.

    Attributes:
        strategy: the strategy, with its options.
        workload: what is booked.
        scenario: what the bookers contend for; its requests say how many there are.
        workers: in how many processes they are; by default each in one of its own.
        nemeses: what can go wrong, by name.
        beside: what all bookers but the first book under; none: the same strategy.
    """

    strategy: tuple[Entry, Strategy]
    workload: LabWorkload
    scenario: Scenario
    workers: int = 0
    nemeses: Sequence[str] = ()
    beside: tuple[Entry, Strategy] | None = None

    @property
    def strategies(self) -> Sequence[tuple[Entry, Strategy]]:
        """The strategies, each once: the first booker's, and the others' if it is another one."""
        return [self.strategy, *([self.beside] if self.beside else [])]

    @property
    def name(self) -> str:
        """What they book under, in a word or three."""
        return " beside ".join(entry.name for entry, _ in self.strategies)


@dataclass
class Exploration:
    """What was found.

    Attributes:
        schedules: how many were run.
        stands_for: how many they stand for: each for those, too, in which bookers who ask for the
            same thing have changed places.
        bad: how many of those that were run had anything wrong.
        bad_stand_for: how many these stand for.
        anomalies: how many had this kind of wrong.
        outcomes: how bookers ended, over all schedules.
        deadlocks: how many of the schedules ran into one.
        serialised: in how many of them bookers who share nothing were in each other's way.
        serial: the shortest of these; none: there was none.
        faults: in how many of them the strategy's own code was at fault.
        faulty: the shortest of these; none: there was none.
        worst: the shortest bad schedule; none: there was none.
        last: the schedule that was run last.
        seconds: how long it took.
        complete: whether these are all schedules that there are.
        interrupted: whether it was to go on, but for Ctrl-C.
        shares_memory: whether the strategy used what the threads of a process share, or its code
            may keep something of its own there, so that it matters in how many processes the
            bookers are.
    """

    schedules: int = 0
    stands_for: int = 0
    bad: int = 0
    bad_stand_for: int = 0
    anomalies: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    deadlocks: int = 0
    serialised: int = 0
    serial: Trial | None = None
    faults: int = 0
    faulty: Trial | None = None
    worst: Trial | None = None
    last: Trial | None = None
    seconds: float = 0.0
    complete: bool = False
    interrupted: bool = False
    shares_memory: bool = False

    def add(self, trial: Trial, stands_for: int = 1) -> None:
        """Count one more, which stands for so many."""
        self.schedules += 1
        self.stands_for += stands_for
        self.bad += trial.bad
        self.bad_stand_for += stands_for * trial.bad
        self.anomalies.update(trial.anomalies)
        self.outcomes.update(ending.outcome for ending in trial.endings.values())
        self.deadlocks += any(event.deadlock for event in trial.events)
        self.last = trial
        if trial.bad and (self.worst is None or trial.rank < self.worst.rank):
            self.worst = trial
        if trial.serialised:
            self.serialised += 1
            if self.serial is None or trial.rank < self.serial.rank:
                self.serial = trial
        if any(ending.code == "strategy_fault" for ending in trial.endings.values()):
            self.faults += 1
            if self.faulty is None or trial.rank < self.faulty.rank:
                self.faulty = trial

    def merge(self, other: Exploration) -> None:
        """Count what was found elsewhere in the same exploration; its trials stay there."""
        self.schedules += other.schedules
        self.stands_for += other.stands_for
        self.bad += other.bad
        self.bad_stand_for += other.bad_stand_for
        self.anomalies.update(other.anomalies)
        self.outcomes.update(other.outcomes)
        self.deadlocks += other.deadlocks
        self.serialised += other.serialised
        self.faults += other.faults
        self.interrupted |= other.interrupted
        self.shares_memory |= other.shares_memory


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
            name = chr(ord("A") + number)
            own = servers[number % len(servers)]
            bookers.append(
                Booker(name, place.sessions, own, registry, arrivals, clock, world.cancel)
            )
        needs = {need for _, strategy in plan.strategies for need in strategy.needs}
        outside = needs & {Capability.REDIS, Capability.QUORUM}
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
