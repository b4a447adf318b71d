"""Sampling: decides whether a request is traced, before a span or an attribute is created."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from opentelemetry import propagate, trace
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler

#: Balancers and Prometheus ask these all the time, and nobody reads their traces.
_NEVER_TRACED = {"/health", "/ready", "/metrics"}


class SampledApplication:
    """A WSGI application that traces a sample of the requests.

    OpenTelemetry's instrumentation collects attributes and starts a span for every request, before
    it asks the sampler. So tracing one request in a hundred would cost nearly as much as tracing
    all of them.

    Args:
        plain: answers requests that are not traced.
        traced: the same application with instrumentation; it records all spans.
        sampler: decides; the caller's own decision counts if the request belongs to a trace.
    """

    def __init__(self, plain: WSGIApplication, traced: WSGIApplication, sampler: Sampler) -> None:
        self._plain = plain
        self._traced = traced
        self._sampler = sampler
        self._ids = RandomIdGenerator()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        application = self._traced if self._is_sampled(environ) else self._plain
        return application(environ, start_response)

    def _is_sampled(self, environ: WSGIEnvironment) -> bool:
        if environ["PATH_INFO"] in _NEVER_TRACED:
            return False
        caller, trace_id = None, 0
        if given := environ.get("HTTP_TRACEPARENT"):
            caller = propagate.extract({"traceparent": given})
            trace_id = trace.get_current_span(caller).get_span_context().trace_id
        trace_id = trace_id or self._ids.generate_trace_id()
        result = self._sampler.should_sample(caller, trace_id, "request")
        return result.decision is Decision.RECORD_AND_SAMPLE
