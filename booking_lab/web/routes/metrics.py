"""``/metrics``: the counters of the workers, and gauges that are read from the database."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import partial
from itertools import islice

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from booking_lab.core.lab_workload import LabWorkload, Violation
from booking_lab.core.workload import Session
from booking_lab.db import seen_violations
from booking_lab.errors import BookingLabError, PluginFault
from booking_lab.observers.metric_files import MetricFilesCollector
from booking_lab.runtime import selection
from booking_lab.runtime.lab import Lab
from booking_lab.web.http.context import ask_workload
from booking_lab.web.routes.health import redis_problem
from booking_lab.workloads.seats import Seats

log = logging.getLogger(__name__)

#: Seconds that the database has to answer: half of the time limit of a scrape by Prometheus.
DATABASE_WITHIN = 2.0
#: Scopes of a workload that are shown; bounds the size of a scrape.
_MOST_SCOPES = 100

_TEXT = {"text/plain": {"schema": {"type": "string"}}}


class _FixedMetrics(Collector):
    """A collector of metrics that are already known."""

    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield from self._found


class DatabaseGauges:
    """Gauges that are read from PostgreSQL at each scrape.

    They are left out if PostgreSQL doesn't answer in time. The scrape still has the counters of the
    workers, which are most wanted while the database has trouble.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="gauges")
        self._pending: Future[list[Metric]] | None = None

    def read(self, within: float) -> list[Metric]:
        """Return the gauges, or an empty list if PostgreSQL fails or takes more seconds."""
        # One reader at a time: a database that hangs would get one more reader at each scrape.
        if self._pending is None or self._pending.done():
            self._pending = self._reader.submit(self._read)
        try:
            return self._pending.result(within)
        except FutureTimeout:
            log.warning("the database's gauges are left out: no answer within %s s", within)
        except BookingLabError as error:
            log.warning("the database's gauges are left out: %s", error.message)
        except (Exception, SystemExit):  # a plug-in may raise anything
            log.exception("the database's gauges are left out")
        return []

    def _read(self) -> list[Metric]:
        double = GaugeMetricFamily(
            "double_bookings", "Things promised more than once.", labels=["workload"]
        )
        seen_so_far = CounterMetricFamily(
            "double_bookings_seen", "Things ever seen promised more than once.", labels=["workload"]
        )
        available = GaugeMetricFamily(
            "available", "How much is left to book.", labels=["workload", "scope"]
        )
        seats = GaugeMetricFamily("available_seats", "Seats left.", labels=["event"])
        with self._lab.reads.session(selection.read) as (session, current):
            for workload in self._lab.workloads:
                try:
                    violations = ask_workload(lambda one: one.violations(session), workload)
                    left_by_scope = ask_workload(partial(_left, session), workload)
                    ask_workload(partial(_record_violations, session, violations), workload)
                except PluginFault as error:  # the other workloads are shown
                    log.error("%s", error.message)
                    continue
                double.add_metric([workload.name], len(violations))
                for scope, left in islice(left_by_scope.items(), _MOST_SCOPES):
                    available.add_metric([workload.name, scope], left)
                    if workload.name == Seats.name:
                        seats.add_metric([scope], left)
            counts = seen_violations.counts(session)
        for workload in self._lab.workloads:
            seen_so_far.add_metric([workload.name], counts.get(workload.name, 0))
        active = GaugeMetricFamily(
            "current_locking_strategy", "1 for the current strategy.", labels=["strategy"]
        )
        for entry in self._lab.registry.entries():
            active.add_metric([entry.name], float(entry.name == current.strategy))
        return [
            double,
            seen_so_far,
            available,
            seats,
            active,
            GaugeMetricFamily(
                "think_time_seconds", "The race window.", value=current.think_time_ms / 1000
            ),
            GaugeMetricFamily("lab_epoch", "Switches so far.", value=current.epoch),
        ]


def _left(session: Session, workload: LabWorkload) -> dict[str, float]:
    return {str(scope): float(left) for scope, left in workload.available(session).items()}


def _record_violations(
    session: Session, violations: Sequence[Violation], workload: LabWorkload
) -> None:
    seen_violations.record(session, workload.name, violations)


def blueprint(lab: Lab) -> APIBlueprint:
    """Return the blueprint for the metrics of ``lab``."""
    metrics = APIBlueprint("metrics", __name__, abp_tags=[Tag(name="health")])
    gauges = DatabaseGauges(lab)

    @metrics.get("/metrics", responses={200: {"description": "Prometheus text", "content": _TEXT}})
    def scrape() -> Response:
        """The metrics of all workers."""
        lab.metrics.publish()
        counted: CollectorRegistry = REGISTRY
        if folder := lab.settings.metrics_folder:
            counted = CollectorRegistry()
            counted.register(MetricFilesCollector(folder))
        now = CollectorRegistry()
        now.register(_FixedMetrics([*_redis_up(lab), *gauges.read(DATABASE_WITHIN)]))
        text = generate_latest(counted) + generate_latest(now)
        return Response(text, content_type=CONTENT_TYPE_LATEST)

    return metrics


def _redis_up(lab: Lab) -> Iterator[Metric]:
    if lab.redis:  # without Redis, there is no such gauge
        up = not redis_problem()
        yield GaugeMetricFamily("redis_up", "Whether Redis takes writes.", value=float(up))
