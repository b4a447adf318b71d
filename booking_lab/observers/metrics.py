"""Prometheus metrics of bookings and their steps.

If ``PROMETHEUS_MULTIPROC_DIR`` is set, the client keeps each process's values in files there, and a
scrape of any worker adds them up.
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

#: The longest time of a booking in seconds: the longest wait by an option of a strategy, tries that
#: begin until such a deadline, and the last try's waits for a row and for a statement.
LONGEST = 2 * MAX_SECONDS + UPPER_BOUNDS["lock_timeout"] + UPPER_BOUNDS["statement_timeout"]

log = logging.getLogger(__name__)

# Every scrape adds up the series of all workers, so there are few labels and buckets. The last
# bucket is above the longest booking, because Prometheus would show longer times as the last bound.

_SECONDS = (0.005, 0.02, 0.06, 0.12, 0.3, 1, 4, 30, LONGEST)
_FEW_SECONDS = (0.005, 0.05, 0.5, 5, LONGEST)
_BY = ("strategy", "workload")

#: Bookings that wait for ``publish`` at most; if there are more, the oldest are lost.
MAX_PENDING = 100_000

BOOKINGS = Counter("bookings", "Bookings by outcome.", (*_BY, "status"))
DURATION = Histogram(
    "booking_duration_seconds", "A booking from request to answer.", _BY, buckets=_SECONDS
)
STEP_SUMS = Summary(
    "booking_step_duration_seconds", "Times of all steps of bookings.", ("strategy", "step")
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
    "lock_contentions", "Times that another booking held a lock first.", ("strategy",)
)
RETRIES = Counter("optimistic_retries", "Further tries of bookings after the first.", ("strategy",))
BATCHES = Histogram(
    "queue_batch_size",
    "Bookings that one writer wrote at once.",
    ("strategy",),
    buckets=[4**power for power in range(6)],
)
REPAIRED = Counter(
    "reservations_repaired", "Reservations and counters that were repaired.", ("workload",)
)
RELEASE_FAILURES = Counter(
    "lease_release_failures", "Leases that had ended or could not be released.", ("strategy",)
)


class _Series:
    """The series of one strategy on one workload; to create them sets them to zero."""

    def __init__(self, strategy: str, workload: str) -> None:
        by = (strategy, workload)
        self.strategy = _strategy_series(strategy)
        self.bookings = {outcome: BOOKINGS.labels(*by, outcome.value) for outcome in Outcome}
        self.duration = DURATION.labels(*by)

    def observe(self, bookings: Sequence[Booking]) -> None:
        """Add the times of ``bookings``."""
        whole = [one.timing for one in bookings if one.outcome is not None]
        observe_histogram(self.duration, [timing.total or 0.0 for timing in whole])
        observe_histogram(self.strategy.wait, [timing.waited for timing in whole])
        observe_histogram(self.strategy.hold, [timing.held for timing in whole])
        self.strategy.observe(bookings)


class _StrategySeries:
    """The series of one strategy on all workloads; to create them sets them to zero."""

    def __init__(self, strategy: str) -> None:
        self._strategy = strategy
        self.step_sums = {kind: STEP_SUMS.labels(strategy, kind.value) for kind in StepKind}
        self.wait = WAIT.labels(strategy)
        self.hold = HOLD.labels(strategy)
        self.contentions = CONTENTIONS.labels(strategy)
        self.retries = RETRIES.labels(strategy)
        self.release_failures = RELEASE_FAILURES.labels(strategy)

    def observe(self, bookings: Sequence[Booking]) -> None:
        """Add the steps and the counts of ``bookings``."""
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
        self.contentions.inc(sum(timing.contentions for timing in timings))
        self.retries.inc(sum(max(0, one.tries - 1) for one in bookings))
        self.release_failures.inc(sum(timing.lost_leases for timing in timings))


def observe_histogram(histogram: Histogram, values: Sequence[float]) -> None:
    """Add ``values`` to a histogram, like ``histogram.observe`` for each, but at once."""
    if not values:
        return
    histogram._sum.inc(sum(values))
    below, values = 0, sorted(values)
    for bucket, bound in zip(histogram._buckets, histogram._upper_bounds, strict=True):
        before, below = below, bisect_right(values, bound)
        if below > before:
            bucket.inc(below - before)


def observe_summary(summary: Summary, values: Sequence[float]) -> None:
    """Add ``values`` to a summary, like ``summary.observe`` for each, but at once."""
    summary._sum.inc(sum(values))
    summary._count.inc(len(values))


#: To look up labels at every step would cost more than to count.
_series = cache(_Series)
_strategy_series = cache(_StrategySeries)


class Metrics(Observer):
    """Counts bookings immediately, and collects their times until ``publish``.

    A booking has a dozen values, each with a lock and a file of its own. To add them one by one
    would be a third of the cost of a booking. All values of a quarter of a second together cost
    little more than one.

    Args:
        most: bookings that wait for ``publish`` at most.
    """

    def __init__(self, most: int = MAX_PENDING) -> None:
        self._ended: deque[Booking] = deque(maxlen=most)
        self._lost = 0

    def booking(self, booking: Booking) -> AbstractContextManager[object]:
        """Return a context manager that counts the booking at its end."""
        return _Counted(booking, self)

    def record(self, booking: Booking) -> None:
        """Keep ``booking`` until ``publish``; if there are too many, the oldest is lost."""
        self._lost += len(self._ended) == self._ended.maxlen
        self._ended.append(booking)

    def publish(self) -> None:
        """Add the times of the ended bookings to the metrics. Thread-safe."""
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
            except Exception:  # the others are published nevertheless
                log.exception("times of %d bookings are lost to the metrics", len(bookings))


class _Counted:
    """The context manager of one booking. A generator would cost several times as much."""

    __slots__ = ("_booking", "_metrics")

    def __init__(self, booking: Booking, metrics: Metrics) -> None:
        self._booking, self._metrics = booking, metrics

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        booking = self._booking
        if booking.outcome is not None:  # none if the request named something that does not exist
            series = _series(booking.strategy.name, booking.workload.name)
            series.bookings[booking.outcome].inc()
        self._metrics.record(booking)


def begin_at_zero(pairs: Iterable[tuple[str, str]], batching: Iterable[str]) -> None:
    """Create every series with zero before its first booking.

    For Prometheus, a counter that first appears with 10 has not risen, so dashboards would miss the
    first race after a start.

    Args:
        pairs: the pairs of strategies and workloads that fit.
        batching: the strategies with batches.
    """
    for strategy, workload in pairs:
        _series(strategy, workload)
        REPAIRED.labels(workload)
    for strategy in batching:
        BATCHES.labels(strategy)
    for kind in StepKind:
        STEPS.labels(kind.value)
