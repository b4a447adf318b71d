"""Metrics and traces of the strategy are there, without a line of its own."""

from __future__ import annotations

from urllib.request import urlopen

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from booking_lab.conformance.contest import Contest
from booking_lab.conformance.service import Service
from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.crowd import Customer
from booking_lab.observers.tracing import Tracing
from booking_lab.stack import RunningLab

#: Each has one more after a booking.
_SERIES = (
    "bookings_total",
    "booking_duration_seconds_count",
    "booking_step_duration_seconds_count",
)


def test_is_measured(subject: Subject, workload: LabWorkload, lab: RunningLab) -> None:
    """A booking counts under the strategy's name, with its steps' times."""
    contest = Contest(lab, subject, workload, subject.scenarios(workload, 2)[0])
    before = _counted(lab, subject, workload)
    with Customer(lab.url) as customer:
        contest.reset(customer)
        customer.post("/api/bookings", contest.bodies[0])
    after = _counted(lab, subject, workload)
    for series in _SERIES:
        assert after.get(series, 0) > before.get(series, 0), f"{series} does not move"


def test_is_traced(
    subject: Subject, workload: LabWorkload, lab: RunningLab, service: Service
) -> None:
    """A span for the booking, and one for each step, the commit among them."""
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


def _counted(lab: RunningLab, subject: Subject, workload: LabWorkload) -> dict[str, float]:
    """Each series' sum over what else it is told apart by."""
    with urlopen(f"{lab.url}/metrics") as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    counted: dict[str, float] = {}
    for sample in (one for family in families for one in family.samples):
        labels = sample.labels
        if (labels.get("strategy"), labels.get("workload")) == (subject.name, workload.name):
            counted[sample.name] = counted.get(sample.name, 0) + sample.value
    return counted
