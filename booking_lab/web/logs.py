"""JSON log lines that carry the trace id of the request that they belong to."""

from __future__ import annotations

import logging
from typing import Any

from flask import g, has_app_context


class TraceId(logging.Filter):
    """Adds ``trace_id``, empty outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the field; keeps every record."""
        if not hasattr(record, "trace_id"):
            record.trace_id = g.get("trace_id", "") if has_app_context() else ""
        return True


def logging_config(level: str) -> dict[str, Any]:
    """Return the configuration for ``logging.config`` and gunicorn, to standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"trace": {"()": "booking_lab.web.logs.TraceId"}},
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": "%(asctime)s %(levelname)s %(name)s %(process)d %(trace_id)s %(message)s",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            }
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "filters": ["trace"],
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {
            "gunicorn.error": {"level": level, "handlers": ["stderr"], "propagate": False},
            "gunicorn.access": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
        },
        "root": {"level": level, "handlers": ["stderr"]},
    }
