"""Metrics and traces of a strategy, which needs no code for them."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from itertools import product
from urllib.request import urlopen

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from booking_lab.conformance.contest import Contest
from booking_lab.conformance.in_process_service import InProcessService
from booking_lab.conformance.plugin import subjects
from booking_lab.conformance.subjects import Subject
from booking_lab.conformance.waiting import eventually
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.crowd.client import Customer
from booking_lab.observers.tracing import Tracing
from booking_lab.stack import RunningLab
from booking_lab.workloads import Workloads

#: The metrics of a booking with strategy and workload as labels, and those with the strategy only.
_BY_BOTH = ("bookings_total", "booking_duration_seconds_count")
_BY_STRATEGY = ("booking_step_duration_seconds_count",)


@pytest.fixture(scope="module")
def counted(
    pytestconfig: pytest.Config, lab: RunningLab, workloads: Workloads
) -> Counter[tuple[str, str, str]]:
    """The number of series that are not zero, by metric, strategy and workload."""
    booked = [
        (subject, workload)
        for subject, workload in product(subjects(pytestconfig), workloads)
        if not subject.lacks(workload)
    ]
    with Customer(lab.url) as customer:
        for subject, workload in booked:
            contest = Contest(lab, subject, workload, subject.scenarios(workload, 2)[0])
            contest.reset(customer)
            customer.call("POST", "/api/bookings", contest.bodies[0])
    expected = {one for subject, workload in booked for one in _shown_by(subject, workload)}
    # Each worker publishes its counters from time to time.
    with suppress(AssertionError):  # each test reports its missing series
        eventually(lambda: expected <= _scraped(lab).keys(), "metrics", within=10)
    return _scraped(lab)


def _shown_by(subject: Subject, workload: LabWorkload) -> list[tuple[str, str, str]]:
    """Return the series that a booking increments: metric, strategy and workload."""
    return [
        *((series, subject.name, workload.name) for series in _BY_BOTH),
        *((series, subject.name, "") for series in _BY_STRATEGY),
    ]


def _scraped(lab: RunningLab) -> Counter[tuple[str, str, str]]:
    with urlopen(f"{lab.url}/metrics") as answer:
        text = answer.read().decode()
    found: Counter[tuple[str, str, str]] = Counter()
    for name, labels, value in re.findall(r"^(\w+)\{(.*)\} (\S+)$", text, re.MULTILINE):
        if float(value):
            values = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            found[name, values.get("strategy", ""), values.get("workload", "")] += 1
    return found


def test_is_measured(
    subject: Subject, workload: LabWorkload, counted: Counter[tuple[str, str, str]]
) -> None:
    """Its bookings, their durations and the durations of their steps are counted under its name."""
    for one in _shown_by(subject, workload):
        assert counted[one], f"{one[0]} shows no booking"


def test_is_traced(
    subject: Subject, workload: LabWorkload, lab: RunningLab, service: InProcessService
) -> None:
    """There is a span for the booking, and one for each step, including the commit."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("conformance")
    contest = Contest(lab, subject, workload, subject.scenarios(workload, 2)[0])
    with Customer(lab.url) as admin:
        contest.reset(admin)
    with service.watched(Tracing(tracer)), tracer.start_as_current_span("request"):
        assert service.client.post("/api/bookings", json=contest.bodies[0]).status_code == 201
    provider.shutdown()
    spans = exporter.get_finished_spans()
    [booking] = [span for span in spans if span.name == "booking"]
    assert booking.attributes
    assert booking.attributes["booking.strategy"] == subject.name
    assert booking.attributes["booking.outcome"] == "confirmed"
    steps = [
        span.attributes["booking.step"]
        for span in spans
        if span.attributes and span.parent and span.parent.span_id == booking.context.span_id
    ]
    assert "commit" in steps
    assert len(steps) == len(spans) - 2, "A step is part of another step"
