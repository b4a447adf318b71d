"""Locks in Redis end by themselves, after the time that the strategy says."""

import math
import threading
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
import redis

from booking_lab import Attempt, Capability, Strategy
from booking_lab.config import Settings
from booking_lab.core.booking import Outcome
from booking_lab.core.clock import Clock
from booking_lab.core.observer import Observer
from booking_lab.core.step import StepKind
from booking_lab.db.pool import Pool
from booking_lab.runtime.engine import BookingContext, Engine
from booking_lab.runtime.lab import Lab
from booking_lab.runtime.strategy_registry import SHIPPED, Registry, StrategyInfo
from booking_lab.workloads.seats import SeatRequest, Seats
from tests.faults.gate import Gate

TTL = 40
LEASED = [
    entry.name
    for entry in Registry([SHIPPED]).entries()
    if "ttl" in {option["name"] for option in entry.options}
]


@pytest.fixture
def lab(database_url, redis_url, redlock_urls):
    lab = Lab(Settings(database_url=database_url, redis_url=redis_url, redlock_urls=redlock_urls))
    lab.start()
    yield lab
    lab.stop()


@pytest.mark.parametrize("name", LEASED)
def test_a_lease_ends_by_itself_after_its_time(lab, redis_url, redlock_urls, name):
    entry = lab.registry.get(name)
    wish = BookingContext("0" * 31 + "1", (entry, entry.create({"ttl": TTL})))
    gate = Gate(StepKind.COMMIT)
    asks = SeatRequest(event_id=1, seats=("A1",), customer_id="a")
    booker = threading.Thread(
        target=lab.engine.derive(lab.bookings, [gate]).book, args=(Seats(), asks, wish)
    )
    booker.start()
    gate.reached()
    try:
        left = [ms for url in (redis_url, *redlock_urls) for ms in ends_in(url)]
    finally:
        gate.open()
        booker.join()

    assert left
    assert all(0 < ms <= TTL * 1000 for ms in left)


def ends_in(url):
    """In how many milliseconds each key ends."""
    with redis.Redis.from_url(url) as client:
        return [client.pttl(key) for key in client.scan_iter()]


# --- what ends while something else is waited for ------------------------------------------------


class Moved(Clock):
    """A clock that stands still until it is moved, or somebody waits in vain."""

    time = 0.0

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds

    def wait(self, lock, seconds):
        if not lock.acquire(blocking=False):
            self.time += seconds


@dataclass(frozen=True)
class Timed:
    """A lock that is nobody's, comes free at a time, and ends by itself."""

    clock: Moved
    lasts: float = 10.0
    free_at: Mapping[str, float] = field(default_factory=dict)
    answers_after: float = 0.0

    def lease(self, anchor, _servers):
        return TimedLease(self, anchor.name)


class TimedLease:
    def __init__(self, lock, name):
        self._lock, self._name = lock, name
        self.lasts = lock.lasts

    def try_acquire(self, announce):
        with announce("lease"):
            free = self._lock.clock.time >= self._lock.free_at.get(self._name, 0.0)
            self._lock.clock.time += self._lock.answers_after
            return free

    def release(self, _announce):
        return True

    def expire(self):
        return False


class Passes(Observer):
    """Has time pass in a step, the first time."""

    def __init__(self, clock, detail, seconds):
        self._clock, self._detail, self._seconds = clock, detail, seconds

    @contextmanager
    def step(self, step):
        yield
        if step.detail == self._detail:
            self._clock.time += self._seconds
            self._seconds = 0.0


def booked(lab, clock, act, observers=(), needs=(), pool=None, seats=("A1",)):
    """Book as ``act`` does, by ``clock``."""

    @dataclass(frozen=True)
    class Acts(Strategy):
        def book(self, attempt: Attempt) -> None:
            act(attempt)

    Acts.needs = frozenset(needs)
    servers = replace(lab.servers, clock=clock)
    engine = Engine(pool or lab.bookings, servers, lab.registry, lab.ledger, observers, lab.worker)
    asks = SeatRequest(event_id=1, seats=seats, customer_id="a")
    return engine.book(
        Seats(), asks, BookingContext("0" * 31 + "1", (StrategyInfo("acts", Acts), Acts()))
    )


def test_all_locks_of_a_booking_have_one_wait_together(lab):
    clock = Moved()
    lock = Timed(clock, free_at={"seats:1:A1": 0.6, "seats:1:A2": math.inf})

    def act(attempt: Attempt) -> None:
        with attempt.holding(lock, wait=1.0):
            pass

    assert booked(lab, clock, act, seats=("A1", "A2")).outcome is Outcome.TIMEOUT
    assert 1.0 <= clock.time < 1.1


@pytest.mark.parametrize(("lasts", "ends"), [(5.0, False), (1.0, True)])
def test_a_lock_may_end_as_long_after_it_was_asked_for(lab, lasts, ends):
    """Whoever gives it counts from a moment between the question and the answer."""
    clock = Moved()
    lock = Timed(clock, lasts, answers_after=0.8)  # so the second comes 1.6 s after the first began

    def act(attempt: Attempt) -> None:
        with attempt.holding(lock, wait=9.0), attempt.transaction():
            attempt.write(attempt.decide(attempt.read()))

    outcome = Outcome.CONFLICT if ends else Outcome.CONFIRMED
    assert booked(lab, clock, act, seats=("A1", "A2")).outcome is outcome


def locks_rows(attempt: Attempt) -> None:
    with attempt.transaction():
        attempt.lock_rows()
        attempt.write(attempt.decide(attempt.read()))


def locks_by_name(attempt: Attempt) -> None:
    with attempt.transaction():
        attempt.lock_advisory()
        attempt.write(attempt.decide(attempt.read()))


def chooses(attempt: Attempt) -> None:
    with attempt.transaction():
        attempt.choose()
        attempt.write(attempt.decide(attempt.read()))


def stands_in_line(attempt: Attempt) -> None:
    with attempt.queued(8, wait=9.0) as batch:
        if batch:
            with attempt.transaction():
                batch.write(batch.decide(batch.read()))


@pytest.mark.parametrize(
    ("act", "waits", "needs"),
    [
        (locks_rows, "row lock", ()),
        (locks_by_name, "advisory lock", ()),
        (chooses, "best available", (Capability.CHOICE,)),
        (stands_in_line, "turn", (Capability.BATCH,)),
    ],
)
@pytest.mark.parametrize(("passes", "tries"), [(0.9, 1), (1.1, 2)])
def test_a_lock_that_may_have_ended_in_a_wait_is_taken_anew(lab, act, waits, needs, passes, tries):
    clock = Moved()

    def holds(attempt: Attempt) -> None:
        with attempt.holding(Timed(clock, lasts=1.0), wait=9.0):
            act(attempt)

    booking = booked(lab, clock, holds, [Passes(clock, waits, passes)], needs)

    assert (booking.outcome, booking.tries) == (Outcome.CONFIRMED, tries)


@pytest.mark.parametrize(("passes", "tries"), [(0.9, 1), (1.1, 2)])
def test_so_is_one_that_may_have_ended_while_a_connection_was_waited_for(lab, passes, tries):
    clock = Moved()

    class Slow(Pool):
        """Has time pass before who holds a lock gets a connection, the first time."""

        held, seconds = False, passes

        @contextmanager
        def session(self, first):
            with super().session(first) as lent:
                if self.held:
                    clock.time += self.seconds
                    self.seconds = 0.0
                yield lent

    pool = Slow("slow", lab.connector, 1, timeout=5)

    def holds(attempt: Attempt) -> None:
        with attempt.holding(Timed(clock, lasts=1.0), wait=9.0):
            pool.held = True
            stands_in_line(attempt)

    booking = booked(lab, clock, holds, needs=(Capability.BATCH,), pool=pool)
    pool.close()

    assert (booking.outcome, booking.tries) == (Outcome.CONFIRMED, tries)
