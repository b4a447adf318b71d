"""Hooks before and after each request: trace id, access rights, size limit, metrics."""

from __future__ import annotations

import hmac
import os
import re
import time

from flask import Flask, Request, Response, g, request
from opentelemetry import trace
from prometheus_client import Counter, Histogram
from werkzeug.exceptions import RequestEntityTooLarge

from booking_lab.config import Settings
from booking_lab.observers.metrics import LONGEST
from booking_lab.web.http import same_site
from booking_lab.web.http.problems import problem

_HTTP_REQUESTS = Counter("http_requests", "HTTP requests answered.", ("method", "route", "code"))
_HTTP_DURATION = Histogram(
    "http_request_duration_seconds",
    "HTTP requests from first to last.",
    ("method", "route"),
    buckets=(0.02, 0.1, 0.5, 2.5, LONGEST),
)
#: https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def register(app: Flask, settings: Settings) -> None:
    """Register the hooks of ``app``."""

    @app.before_request
    def begin() -> Response | None:
        # Each access through Flask's proxy takes time, and this runs for every request.
        asked = request._get_current_object()  # type: ignore[attr-defined]
        g.begin, g.trace_id = time.perf_counter(), _trace_id(asked)
        if answer := same_site.cross_site_error(asked, settings):
            return answer
        if asked.path.startswith("/admin/") and not _is_admin(settings.admin_token):
            answer = problem(
                401, "unauthorized", "Send the admin token: Authorization: Bearer <token>."
            )
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        if (asked.content_length or 0) > settings.max_body:
            raise RequestEntityTooLarge(f"The body has more than {settings.max_body} bytes.")
        return None

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Trace-Id"] = g.trace_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        if response.mimetype == "text/html":
            # Prevents clickjacking: a page of another site can't show this one in a frame.
            response.headers["X-Frame-Options"] = "DENY"
        # Labels are bounded: the route's pattern, not the path; the known methods, not any word.
        asked = request._get_current_object()  # type: ignore[attr-defined]
        route = asked.url_rule.rule if asked.url_rule else "unmatched"
        method = asked.method if asked.method in _METHODS else "other"
        _HTTP_REQUESTS.labels(method, route, response.status_code).inc()
        _HTTP_DURATION.labels(method, route).observe(time.perf_counter() - g.begin)
        return response


def _trace_id(asked: Request) -> str:
    """Return the id of the recorded trace, or the id that the caller sent, or a new one."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        return trace.format_trace_id(context.trace_id)
    given = _TRACEPARENT.fullmatch(asked.headers.get("traceparent", ""))
    return given[1] if given else os.urandom(16).hex()


def _is_admin(token: str) -> bool:
    if not token:
        return True
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    # WSGI decodes headers as Latin-1, but clients send a token with other characters as UTF-8.
    sent = given.strip(" ").encode("latin-1", "backslashreplace")
    # The comparison takes constant time, so that its duration reveals nothing of the token.
    right = hmac.compare_digest(sent, token.encode("utf-8", "surrogateescape"))
    return right and scheme.lower() == "bearer"
