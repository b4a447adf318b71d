"""Log lines that carry the trace id of the request that they belong to."""

from __future__ import annotations

import logging
from typing import Any

from flask import g, has_app_context

from booking_lab import logs


class TraceId(logging.Filter):
    """Adds ``trace_id``, empty outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the field; keeps every record."""
        if not hasattr(record, "trace_id"):
            record.trace_id = g.get("trace_id", "") if has_app_context() else ""
        return True


def logging_config(level: str) -> dict[str, Any]:
    """Return the lab's configuration, with trace ids."""
    config = logs.logging_config(level)
    config["filters"] = {"trace": {"()": "booking_lab.web.http.logs.TraceId"}}
    config["handlers"]["stderr"]["filters"] = ["trace"]
    return config
