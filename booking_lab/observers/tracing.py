"""OpenTelemetry traces: one span a booking, one a step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Status, StatusCode, Tracer

from booking_lab.config import Settings
from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.observer import NOT_WATCHED, Observer, Step
from booking_lab.core.step import StepKind

_WAITING = {StepKind.ACQUIRE, StepKind.WAIT}
_FAILED = {Outcome.ERROR, Outcome.UNKNOWN, Outcome.TIMEOUT}


def provider(settings: Settings) -> TracerProvider:
    """Return a provider that records every span; the exporter is added after the fork.

    Whether a request is traced is decided by ``sampler`` before it has a span.
    """
    return TracerProvider(
        resource=Resource.create(
            {"service.name": "booking-lab", "service.instance.id": settings.instance_name}
        ),
        sampler=ALWAYS_ON,
    )


def sampler(settings: Settings) -> Sampler:
    """Return what decides whether a request is traced.

    A caller that samples gets its trace; the other requests are drawn by chance.
    """
    return ParentBased(TraceIdRatioBased(settings.trace_sample))


def export(provider: TracerProvider, endpoint: str) -> None:
    """Send spans to ``endpoint`` in batches; starts a thread, so call it after the fork."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # A collector that is away must not hold a worker up when it stops.
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces", timeout=2)
    provider.add_span_processor(BatchSpanProcessor(exporter))


class Tracing(Observer):
    """Makes the spans of a booking that is sampled; costs next to nothing otherwise."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def booking(self, booking: Booking) -> AbstractContextManager[object]:
        """One span for the booking."""
        return self._booking(booking) if _recording() else NOT_WATCHED

    def step(self, step: Step) -> AbstractContextManager[object]:
        """One span for the step, with waiting told apart from work under the lock."""
        return self._one_step(step) if _recording() else NOT_WATCHED

    @contextmanager
    def _booking(self, booking: Booking) -> Iterator[None]:
        with self._tracer.start_as_current_span("booking") as span:
            span.set_attributes(
                {
                    "booking.workload": booking.workload.name,
                    "booking.event": booking.scope,
                    "booking.seat": booking.subject,
                    "booking.attempt_id": str(booking.request.id),
                }
            )
            try:
                yield
            finally:
                span.set_attributes(
                    {
                        # At its end: a switch can make it begin again.
                        "booking.strategy": booking.strategy.name,
                        "booking.epoch": booking.epoch,
                        **{f"booking.option.{name}": v for name, v in booking.options.items()},
                        "booking.outcome": booking.outcome or Outcome.ERROR,
                        "booking.code": booking.code,
                        "booking.tries": booking.tries,
                        "booking.waited_ms": booking.timing.waited * 1000,
                        "booking.held_ms": booking.timing.held * 1000,
                    }
                )
                if booking.outcome in _FAILED:
                    span.set_status(Status(StatusCode.ERROR, booking.message))

    @contextmanager
    def _one_step(self, step: Step) -> Iterator[None]:
        # A refusal or a conflict is how bookings end, not a fault of the step.
        with self._tracer.start_as_current_span(
            f"{step.kind}: {step.detail}", record_exception=False, set_status_on_exception=False
        ) as span:
            span.set_attributes(
                {
                    "booking.step": step.kind,
                    "booking.attempt": step.attempt,
                    "booking.phase": _phase(step),
                }
            )
            try:
                yield
            except Exception as error:
                span.set_attribute("booking.step.ended", type(error).__name__)
                raise


def _recording() -> bool:
    return trace.get_current_span().is_recording()


def _phase(step: Step) -> str:
    """Tell waiting for a lock from holding one; the rest keeps nobody waiting."""
    if step.kind in _WAITING:
        return "waiting"
    return "holding" if step.booking.timing.is_holding else "free"
