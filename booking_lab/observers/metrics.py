"""Prometheus metrics of bookings and their steps.

With ``PROMETHEUS_MULTIPROC_DIR`` set, the client keeps each process's figures in files there, and
a scrape of any worker adds them up.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cache

from prometheus_client import Counter, Histogram, Summary

from booking_lab.config import UPPER_BOUNDS
from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.observer import Observer
from booking_lab.core.retry import MAX_SECONDS
from booking_lab.core.step import StepKind

#: Seconds that no booking takes longer: the longest wait that an option of a strategy allows, tries
#: that begin until as late as that, and the last one's waits for a row and for a statement.
LONGEST = 2 * MAX_SECONDS + UPPER_BOUNDS["lock_timeout"] + UPPER_BOUNDS["statement_timeout"]

# Every scrape adds up the series of all workers, so there are no more labels and buckets than
# somebody looks at. The last bucket lies beyond the longest booking: what is off the scale would be
# shown as the scale's end.
log = logging.getLogger(__name__)

_SECONDS = (0.005, 0.02, 0.06, 0.12, 0.3, 1, 4, 30, LONGEST)
_FEW_SECONDS = (0.005, 0.05, 0.5, 5, LONGEST)
_BY = ("strategy", "workload")

#: Bookings that wait to be made public; the oldest go when there are more.
MAX_PENDING = 100_000

BOOKINGS = Counter("bookings", "Bookings by how they ended.", (*_BY, "status"))
DURATION = Histogram(
    "booking_duration_seconds", "A booking from request to answer.", _BY, buckets=_SECONDS
)
STEP_SUMS = Summary(
    "booking_step_duration_seconds", "Steps of bookings, together.", ("strategy", "step")
)
STEPS = Histogram("booking_step_seconds", "One step of a booking.", ("step",), buckets=_SECONDS)
WAIT = Histogram(
    "lock_wait_seconds",
    "Time that a booking waited for locks.",
    ("strategy",),
    buckets=_FEW_SECONDS,
)
HOLD = Histogram(
    "lock_hold_seconds", "Time that a booking held locks.", ("strategy",), buckets=_FEW_SECONDS
)
CONTENTIONS = Counter(
    "lock_contentions", "Times that a lock was somebody else's at first.", ("strategy",)
)
RETRIES = Counter("optimistic_retries", "Tries after a booking's first.", ("strategy",))
BATCHES = Histogram(
    "queue_batch_size",
    "Bookings that one writer wrote at once.",
    ("strategy",),
    buckets=[4**power for power in range(6)],
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
        self.strategy = _strategy_series(strategy)
        self.bookings = {outcome: BOOKINGS.labels(*by, outcome.value) for outcome in Outcome}
        self.duration = DURATION.labels(*by)

    def observe(self, bookings: Sequence[Booking]) -> None:
        """Add what these took."""
        whole = [one.timing for one in bookings if one.outcome is not None]
        observe_histogram(self.duration, [timing.total or 0.0 for timing in whole])
        observe_histogram(self.strategy.wait, [timing.waited for timing in whole])
        observe_histogram(self.strategy.hold, [timing.held for timing in whole])
        self.strategy.observe(bookings)


class _StrategySeries:
    """The series of one strategy, whatever it books; they begin at zero when this is made."""

    def __init__(self, strategy: str) -> None:
        self._strategy = strategy
        self.step_sums = {kind: STEP_SUMS.labels(strategy, kind.value) for kind in StepKind}
        self.wait = WAIT.labels(strategy)
        self.hold = HOLD.labels(strategy)
        self.contentions = CONTENTIONS.labels(strategy)
        self.retries = RETRIES.labels(strategy)
        self.release_failures = RELEASE_FAILURES.labels(strategy)

    def observe(self, bookings: Sequence[Booking]) -> None:
        """Add the steps of these, and what else is counted in them."""
        timings = [one.timing for one in bookings]
        steps: dict[StepKind, list[float]] = defaultdict(list)
        for timing in timings:
            for kind, seconds in timing.steps:
                steps[kind].append(seconds)
        for kind, values in steps.items():
            observe_histogram(STEPS.labels(kind.value), values)
            observe_summary(self.step_sums[kind], values)
        if batches := [size for timing in timings for size in timing.batches]:
            observe_histogram(BATCHES.labels(self._strategy), batches)
        self.contentions.inc(sum(timing.contended for timing in timings))
        self.retries.inc(sum(max(0, one.tries - 1) for one in bookings))
        self.release_failures.inc(sum(timing.lost_leases for timing in timings))


def observe_histogram(histogram: Histogram, values: Sequence[float]) -> None:
    """Do what ``histogram.observe`` does for each of ``values``, at once."""
    if not values:
        return
    histogram._sum.inc(sum(values))
    below, values = 0, sorted(values)
    for bucket, bound in zip(histogram._buckets, histogram._upper_bounds, strict=True):
        before, below = below, bisect_right(values, bound)
        if below > before:
            bucket.inc(below - before)


def observe_summary(summary: Summary, values: Sequence[float]) -> None:
    """Do what ``summary.observe`` does for each of ``values``, at once."""
    summary._sum.inc(sum(values))
    summary._count.inc(len(values))


#: Looking labels up at every step would cost more than counting.
_series = cache(_Series)
_strategy_series = cache(_StrategySeries)


class Metrics(Observer):
    """Counts bookings at once, and makes public what the stopwatch has taken in ``publish``.

    A dozen values a booking, each with a lock and a file of its own, would be a third of what a
    booking costs; all values of a quarter of a second cost little more than one.
    """

    def __init__(self, most: int = MAX_PENDING) -> None:
        self._ended: deque[Booking] = deque(maxlen=most)
        self._lost = 0

    def booking(self, booking: Booking) -> AbstractContextManager[object]:
        """Count the booking when it has ended."""
        return _Counted(booking, self)

    def record(self, booking: Booking) -> None:
        """Keep ``booking`` until it is made public; the oldest goes if there are too many."""
        self._lost += len(self._ended) == self._ended.maxlen
        self._ended.append(booking)

    def publish(self) -> None:
        """Show what the bookings took that have ended by now. Thread-safe."""
        lost, self._lost = self._lost, 0
        if lost:
            log.error("times of bookings are lost to the metrics: %d more than are kept", lost)
        ended: dict[_Series, list[Booking]] = defaultdict(list)
        for _ in range(len(self._ended)):
            with suppress(IndexError):  # another thread publishes as well
                booking = self._ended.popleft()
                ended[_series(booking.strategy.name, booking.workload.name)].append(booking)
        for series, bookings in ended.items():
            try:
                series.observe(bookings)
            except Exception:  # the others are to be seen all the same
                log.exception("times of %d bookings are lost to the metrics", len(bookings))


class _Counted:
    """One booking under the eyes of ``Metrics``. A generator would cost several times as much."""

    __slots__ = ("_booking", "_metrics")

    def __init__(self, booking: Booking, metrics: Metrics) -> None:
        self._booking, self._metrics = booking, metrics

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        booking = self._booking
        if booking.outcome is not None:  # none: it named something that isn't there
            series = _series(booking.strategy.name, booking.workload.name)
            series.bookings[booking.outcome].inc()
        self._metrics.record(booking)


def begin_at_zero(pairs: Iterable[tuple[str, str]], batching: Iterable[str]) -> None:
    """Show every series before its first booking.

    A counter that first appears as 10 has not risen for Prometheus: the first race after a start
    would be on no dashboard.

    Args:
        pairs: the strategies, each with each of the workloads that it can book.
        batching: the strategies whose bookers stand in line.
    """
    for strategy, workload in pairs:
        _series(strategy, workload)
        REPAIRED.labels(workload)
    for strategy in batching:
        BATCHES.labels(strategy)
    for kind in StepKind:
        STEPS.labels(kind.value)
