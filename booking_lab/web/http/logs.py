"""The trace id of the current request in log lines."""

from __future__ import annotations

import logging
from typing import Any

from flask import g, has_app_context

from booking_lab import logs


class TraceId(logging.Filter):
    """Adds ``trace_id`` to log records; it is empty outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the field and keep the record."""
        if not hasattr(record, "trace_id"):
            record.trace_id = g.get("trace_id", "") if has_app_context() else ""
        return True


def logging_config(level: str) -> dict[str, Any]:
    """Return the lab's logging configuration, with trace ids."""
    config = logs.logging_config(level)
    config["filters"] = {"trace": {"()": "booking_lab.web.http.logs.TraceId"}}
    config["handlers"]["stderr"]["filters"] = ["trace"]
    return config
