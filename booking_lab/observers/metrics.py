"""Prometheus metrics of bookings and their steps.

With ``PROMETHEUS_MULTIPROC_DIR`` set, the client keeps each process's figures in files there, and
a scrape of any worker adds them up.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import product

from prometheus_client import Counter, Histogram

from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.step import Observer, Step, StepKind

_SECONDS = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10,
)  # fmt: skip
_BY = ("strategy", "workload")

BOOKINGS = Counter("bookings", "Bookings by how they ended.", (*_BY, "status"))
DURATION = Histogram(
    "booking_duration_seconds", "A booking from request to answer.", _BY, buckets=_SECONDS
)
STEPS = Histogram(
    "booking_step_duration_seconds", "One step of a booking.", (*_BY, "step"), buckets=_SECONDS
)
WAIT = Histogram(
    "lock_wait_seconds", "Time that a booking waited for locks.", _BY, buckets=_SECONDS
)
HOLD = Histogram("lock_hold_seconds", "Time that a booking held locks.", _BY, buckets=_SECONDS)
CONTENTIONS = Counter("lock_contentions", "Times that a lock was somebody else's at first.", _BY)
RETRIES = Counter("optimistic_retries", "Tries after a booking's first.", _BY)
RELEASE_FAILURES = Counter(
    "lease_release_failures", "Leases that were gone or could not be given back.", ("strategy",)
)


class Metrics(Observer):
    """Counts and times bookings and steps."""

    @contextmanager
    def booking(self, booking: Booking) -> Iterator[None]:
        """Count the booking when it has ended."""
        try:
            yield
        finally:
            if booking.outcome is not None:  # none: it named something that isn't there
                _count(booking, booking.outcome)

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Time the step."""
        begin = time.perf_counter()
        strategy, workload = step.booking.strategy.name, step.booking.workload.name
        try:
            yield
        except BaseException:
            if step.kind is StepKind.RELEASE and step.detail == "lease":
                RELEASE_FAILURES.labels(strategy).inc()
            raise
        finally:
            STEPS.labels(strategy, workload, step.kind.value).observe(time.perf_counter() - begin)


def _count(booking: Booking, outcome: Outcome) -> None:
    by = (booking.strategy.name, booking.workload.name)
    timing = booking.timing
    BOOKINGS.labels(*by, outcome.value).inc()
    DURATION.labels(*by).observe(timing.total or 0.0)
    WAIT.labels(*by).observe(timing.waited)
    HOLD.labels(*by).observe(timing.held)
    CONTENTIONS.labels(*by).inc(timing.contended)
    RETRIES.labels(*by).inc(max(0, booking.tries - 1))


def begin_at_zero(strategies: Iterable[str], workloads: Iterable[str]) -> None:
    """Show every series before its first booking.

    A counter that first appears as 10 has not risen for Prometheus: the first race after a start
    would be on no dashboard.
    """
    for strategy, workload in product(strategies, workloads):
        by = (strategy, workload)
        for outcome in Outcome:
            BOOKINGS.labels(*by, outcome.value)
        for kind in StepKind:
            STEPS.labels(*by, kind.value)
        for metric in (DURATION, WAIT, HOLD, CONTENTIONS, RETRIES):
            metric.labels(*by)
        RELEASE_FAILURES.labels(strategy)
