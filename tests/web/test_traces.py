"""Spans as an OTLP receiver gets them."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import Tracer

from tests.web.test_booking import book

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Receiver(HTTPServer):
    """An OTLP endpoint on loopback that keeps what it is sent."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.server.spans.extend(scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.shutdown()
    receiver.server_close()


def attributes(span):
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes}


def test_one_span_a_booking_and_one_a_step(make_client, receiver):
    client = make_client(otlp_endpoint=receiver.url)
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    body = {"event_id": 1, "seat_number": "A1", "customer_id": "c1", "strategy": "distributed"}

    answer = client.post("/book", json=body, headers=headers)
    client.application.extensions["lab"].stop()

    assert answer.json["trace_id"] == TRACE
    assert {span.trace_id.hex() for span in receiver.spans} == {TRACE}
    spans = {span.name: span for span in receiver.spans}
    booking = attributes(spans["booking"])
    assert booking["booking.strategy"] == "distributed"
    assert booking["booking.option.ttl"] == 10.0
    assert booking["booking.event"] == "1"
    assert booking["booking.seat"] == "A1"
    assert booking["booking.outcome"] == "confirmed"
    assert booking["booking.tries"] == 1
    steps = {
        name for name, span in spans.items() if span.parent_span_id == spans["booking"].span_id
    }
    assert steps == {"acquire: lease", "read: state", "decide: decide", "write: booking",
                     "commit: commit", "release: lease"}  # fmt: skip
    assert attributes(spans["acquire: lease"])["booking.phase"] == "waiting"
    assert attributes(spans["write: booking"])["booking.phase"] == "holding"
    assert attributes(spans["write: booking"])["booking.attempt"] == 1


def test_reading_before_any_lock_keeps_nobody_waiting(make_client, receiver):
    client = make_client(otlp_endpoint=receiver.url)

    book(client, strategy="optimistic")
    client.application.extensions["lab"].stop()

    phases = {span.name: attributes(span).get("booking.phase") for span in receiver.spans}
    assert phases["read: state"] == "free"
    assert phases["write: version"] == "free"
    assert phases["write: booking"] == "holding"


def test_a_caller_that_does_not_sample_is_not_traced(make_client, receiver):
    client = make_client(otlp_endpoint=receiver.url)
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"}
    body = {"event_id": 1, "seat_number": "A1", "customer_id": "c1"}

    answer = client.post("/book", json=body, headers=headers)
    client.application.extensions["lab"].stop()

    assert answer.json["trace_id"] == TRACE
    assert receiver.spans == []


def test_sampling_is_an_option(make_client, receiver):
    client = make_client(otlp_endpoint=receiver.url, trace_sample=0)

    book(client)
    client.application.extensions["lab"].stop()

    assert receiver.spans == []


def test_nothing_is_made_for_a_request_that_is_not_sampled(make_client, receiver, monkeypatch):
    started = []
    start = Tracer.start_span

    def watched(self, name, *args, **options):
        started.append(name)
        return start(self, name, *args, **options)

    monkeypatch.setattr(Tracer, "start_span", watched)
    client = make_client(otlp_endpoint=receiver.url, trace_sample=0)

    book(client)
    assert started == []
    sampled = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    for path in ("/health", "/ready", "/metrics"):
        client.get(path, headers=sampled)
    assert started == []
    assert client.get("/events", headers=sampled).headers["X-Trace-Id"] == TRACE
    assert started == ["GET /events"]


def test_log_lines_carry_the_trace(make_client, capfd):
    client = make_client(log_level="DEBUG")

    answer = book(client, customer="someone")

    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    [line] = [line for line in lines if line["message"] == "booking confirmed"]
    assert line["trace_id"] == answer.json["trace_id"]
    assert line["customer_id"] == "someone"


def test_a_race_is_one_trace(make_client, receiver):
    client = make_client(otlp_endpoint=receiver.url)
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    body = {"event_id": 1, "seat_number": "A1", "customers": 3}

    client.post("/admin/race", json=body, headers=headers)
    client.application.extensions["lab"].stop()

    bookings = [span for span in receiver.spans if span.name == "booking"]
    assert [span.trace_id.hex() for span in bookings] == [TRACE] * 3
