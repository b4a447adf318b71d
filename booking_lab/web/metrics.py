"""The scrape: what the workers counted, and what the database says now."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from booking_lab.errors import BookingLabError, PluginFault
from booking_lab.observers.metric_files import Files
from booking_lab.web.health import redis_problem
from booking_lab.web.state import answered, lab, reading
from booking_lab.workloads.seats import Seats

log = logging.getLogger(__name__)

metrics = APIBlueprint("metrics", __name__, abp_tags=[Tag(name="health")])

_TEXT = {"text/plain": {"schema": {"type": "string"}}}


class DatabaseGauges(Collector):
    """Gauges that are read from PostgreSQL at each scrape; absent while it is away."""

    def collect(self) -> Iterator[Metric]:
        """Read them."""
        up = not redis_problem()
        yield GaugeMetricFamily("redis_up", "Whether Redis takes writes.", value=float(up))
        try:
            yield from self._from_database()
        except BookingLabError:
            return

    def _from_database(self) -> list[Metric]:
        double = GaugeMetricFamily(
            "double_bookings", "Things promised more than once.", labels=["workload"]
        )
        available = GaugeMetricFamily(
            "available", "How much is left to book.", labels=["workload", "scope"]
        )
        seats = GaugeMetricFamily("available_seats", "Seats left.", labels=["event"])
        active = GaugeMetricFamily(
            "current_locking_strategy", "1 for the current strategy.", labels=["strategy"]
        )
        with reading() as (session, current):
            for workload in lab().workloads:
                try:
                    violations = answered(lambda one: one.violations(session), workload)
                    left_by_scope = answered(lambda one: one.available(session), workload)
                except PluginFault as error:  # the others are to be seen all the same
                    log.error("%s", error.message)
                    continue
                double.add_metric([workload.name], len(violations))
                for scope, left in left_by_scope.items():
                    available.add_metric([workload.name, scope], left)
                    if workload.name == Seats.name:
                        seats.add_metric([scope], left)
        for entry in lab().registry.entries():
            active.add_metric([entry.name], float(entry.name == current.strategy))
        return [
            double,
            available,
            seats,
            active,
            GaugeMetricFamily(
                "think_time_seconds", "The race window.", value=current.think_time_ms / 1000
            ),
            GaugeMetricFamily("lab_epoch", "Switches so far.", value=current.epoch),
        ]


@metrics.get("/metrics", responses={200: {"description": "Prometheus text", "content": _TEXT}})
def scrape() -> Response:
    """All metrics, those of every worker included."""
    lab().metrics.publish()
    counted: CollectorRegistry = REGISTRY
    if folder := lab().settings.metrics_folder:
        counted = CollectorRegistry()
        counted.register(Files(folder))
    now = CollectorRegistry()
    now.register(DatabaseGauges())
    text = generate_latest(counted) + generate_latest(now)
    return Response(text, content_type=CONTENT_TYPE_LATEST)
