"""Prometheus metrics of bookings and their steps.

With ``PROMETHEUS_MULTIPROC_DIR`` set, the client keeps each process's figures in files there, and
a scrape of any worker adds them up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cache
from itertools import product

from prometheus_client import Counter, Histogram

from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.step import Observer, StepKind

_SECONDS = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10,
)  # fmt: skip
_BY = ("strategy", "workload")

#: Bookings that wait to be made public; the oldest go when there are more.
MOST_PENDING = 100_000

BOOKINGS = Counter("bookings", "Bookings by how they ended.", (*_BY, "status"))
DURATION = Histogram(
    "booking_duration_seconds", "A booking from request to answer.", _BY, buckets=_SECONDS
)
# Not by workload: these are most of the series, and every scrape adds up those of all workers.
STEPS = Histogram(
    "booking_step_duration_seconds",
    "One step of a booking.",
    ("strategy", "step"),
    buckets=_SECONDS,
)
WAIT = Histogram(
    "lock_wait_seconds", "Time that a booking waited for locks.", _BY, buckets=_SECONDS
)
HOLD = Histogram("lock_hold_seconds", "Time that a booking held locks.", _BY, buckets=_SECONDS)
CONTENTIONS = Counter("lock_contentions", "Times that a lock was somebody else's at first.", _BY)
RETRIES = Counter("optimistic_retries", "Tries after a booking's first.", _BY)
BATCHES = Histogram(
    "queue_batch_size",
    "Bookings that one writer wrote at once.",
    _BY,
    buckets=[2**power for power in range(11)],
)
REPAIRED = Counter(
    "reservations_repaired", "Reservations and counters that were put right.", ("workload",)
)
RELEASE_FAILURES = Counter(
    "lease_release_failures", "Leases that were gone or could not be given back.", ("strategy",)
)


class _Series:
    """The series of one strategy on one workload; they begin at zero when this is made."""

    def __init__(self, strategy: str, workload: str) -> None:
        by = (strategy, workload)
        self.bookings = {outcome: BOOKINGS.labels(*by, outcome.value) for outcome in Outcome}
        self.steps = {kind: STEPS.labels(strategy, kind.value) for kind in StepKind}
        self.duration = DURATION.labels(*by)
        self.wait = WAIT.labels(*by)
        self.hold = HOLD.labels(*by)
        self.contentions = CONTENTIONS.labels(*by)
        self.retries = RETRIES.labels(*by)
        self.batches = BATCHES.labels(*by)
        self.release_failures = RELEASE_FAILURES.labels(strategy)

    def observe(self, bookings: Sequence[Booking]) -> None:
        """Add what these took."""
        timings = [one.timing for one in bookings]
        steps: dict[StepKind, list[float]] = defaultdict(list)
        for timing in timings:
            for kind, seconds in timing.steps:
                steps[kind].append(seconds)
        for kind, values in steps.items():
            observe(self.steps[kind], values)
        observe(self.batches, [size for timing in timings for size in timing.batches])
        whole = [one.timing for one in bookings if one.outcome is not None]
        observe(self.duration, [timing.total or 0.0 for timing in whole])
        observe(self.wait, [timing.waited for timing in whole])
        observe(self.hold, [timing.held for timing in whole])
        self.contentions.inc(sum(timing.contended for timing in timings))
        self.retries.inc(sum(max(0, one.tries - 1) for one in bookings))
        self.release_failures.inc(sum(timing.lost_leases for timing in timings))


def observe(histogram: Histogram, values: Sequence[float]) -> None:
    """Do what ``histogram.observe`` does for each of ``values``, at once."""
    if not values:
        return
    histogram._sum.inc(sum(values))
    below, values = 0, sorted(values)
    for bucket, bound in zip(histogram._buckets, histogram._upper_bounds, strict=True):
        before, below = below, bisect_right(values, bound)
        if below > before:
            bucket.inc(below - before)


#: Looking labels up at every step would cost more than counting.
_series = cache(_Series)


class Metrics(Observer):
    """Counts bookings at once, and makes public what the stopwatch has taken in ``publish``.

    A dozen values a booking, each with a lock and a file of its own, would be a third of what a
    booking costs; all values of a quarter of a second cost little more than one.
    """

    def __init__(self) -> None:
        self._ended: deque[Booking] = deque(maxlen=MOST_PENDING)

    def booking(self, booking: Booking) -> AbstractContextManager[object]:
        """Count the booking when it has ended."""
        return _Counted(booking, self._ended)

    def publish(self) -> None:
        """Show what the bookings took that have ended by now. Thread-safe."""
        ended: dict[_Series, list[Booking]] = defaultdict(list)
        for _ in range(len(self._ended)):
            with suppress(IndexError):  # another thread publishes as well
                booking = self._ended.popleft()
                ended[_series(booking.strategy.name, booking.workload.name)].append(booking)
        for series, bookings in ended.items():
            series.observe(bookings)


class _Counted:
    """One booking under the eyes of ``Metrics``. A generator would cost several times as much."""

    __slots__ = ("_booking", "_ended")

    def __init__(self, booking: Booking, ended: deque[Booking]) -> None:
        self._booking, self._ended = booking, ended

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        booking = self._booking
        if booking.outcome is not None:  # none: it named something that isn't there
            series = _series(booking.strategy.name, booking.workload.name)
            series.bookings[booking.outcome].inc()
        self._ended.append(booking)


def begin_at_zero(strategies: Iterable[str], workloads: Iterable[str]) -> None:
    """Show every series before its first booking.

    A counter that first appears as 10 has not risen for Prometheus: the first race after a start
    would be on no dashboard.
    """
    for strategy, workload in product(strategies, workloads):
        _series(strategy, workload)
        REPAIRED.labels(workload)
