"""Settings of the lab, read once from the environment; nothing else reads ``os.environ``."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from booking_lab.errors import ConfigurationError


def _setting(variable: str, default: Any, about: str) -> Any:
    return field(default=default, metadata={"variable": variable, "about": about})


@dataclass(frozen=True)
class Settings:
    """What an operator may set. Each field's metadata names its variable and says what it is."""

    database_url: str = _setting("DATABASE_URL", "", "PostgreSQL of your own; empty: embedded")
    redis_url: str = _setting("REDIS_URL", "", "Redis or Valkey of your own; empty: embedded")
    host: str = _setting("BOOKING_LAB_HOST", "127.0.0.1", "address to listen on")
    port: int = _setting("BOOKING_LAB_PORT", 8000, "port to listen on")
    workers: int = _setting("BOOKING_LAB_WORKERS", 4, "gunicorn workers of each instance")
    threads: int = _setting("BOOKING_LAB_THREADS", 64, "threads of each worker")
    instance: str = _setting("BOOKING_LAB_INSTANCE", "", "name of this instance; empty: the host's")
    admin_token: str = _setting("BOOKING_LAB_ADMIN_TOKEN", "", "bearer token of /admin")
    strategy: str = _setting("BOOKING_LAB_STRATEGY", "none", "strategy of a new database")
    strategy_folders: tuple[str, ...] = _setting(
        "BOOKING_LAB_STRATEGIES", (), "more folders with strategies, separated by ':'"
    )
    think_time_ms: float = _setting(
        "BOOKING_LAB_THINK_TIME_MS", 50.0, "race window of a new database, in milliseconds"
    )
    booking_pool: int = _setting(
        "BOOKING_LAB_BOOKING_POOL", 24, "connections of each worker for bookings"
    )
    read_pool: int = _setting("BOOKING_LAB_READ_POOL", 4, "connections of each worker for reads")
    pool_timeout: float = _setting(
        "BOOKING_LAB_POOL_TIMEOUT", 5.0, "seconds to wait for a connection of a pool"
    )
    lock_timeout: float = _setting(
        "BOOKING_LAB_LOCK_TIMEOUT", 10.0, "seconds that a statement waits for a database lock"
    )
    statement_timeout: float = _setting(
        "BOOKING_LAB_STATEMENT_TIMEOUT", 15.0, "seconds that a statement may take"
    )
    redis_timeout: float = _setting(
        "BOOKING_LAB_REDIS_TIMEOUT", 0.5, "seconds to wait for an answer of Redis"
    )
    max_body: int = _setting("BOOKING_LAB_MAX_BODY", 16_384, "largest request body, in bytes")
    drain_seconds: float = _setting(
        "BOOKING_LAB_DRAIN_SECONDS", 5.0, "longest wait for attempts under way at a switch"
    )
    otlp_endpoint: str = _setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT", "", "OTLP over HTTP, for traces; empty: no tracing"
    )
    trace_sample: float = _setting(
        "BOOKING_LAB_TRACE_SAMPLE", 1.0, "share of the bookings that are traced, 0 to 1"
    )
    run_folder: str = _setting(
        "BOOKING_LAB_RUN_FOLDER", "", "folder of the running lab's files; set by the launcher"
    )
    log_level: str = _setting("BOOKING_LAB_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read every variable that is set.

        Raises:
            ConfigurationError: a value is not of its kind or out of range.
        """
        environment = os.environ if environment is None else environment
        given = {
            f.name: _parse(f.metadata["variable"], environment[f.metadata["variable"]], f.default)
            for f in fields(cls)
            if f.metadata["variable"] in environment
        }
        settings = cls(**given)
        settings._check()
        return settings

    def to_environment(self) -> dict[str, str]:
        """These settings as the variables that ``from_environment`` reads back."""
        return {
            f.metadata["variable"]: _print(getattr(self, f.name))
            for f in fields(self)
            if getattr(self, f.name) != f.default
        }

    @property
    def loopback(self) -> bool:
        """Whether ``host`` is reachable from this machine alone."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

    @property
    def instance_name(self) -> str:
        """A name that no other instance bears; replicas in containers differ by their host."""
        return self.instance or socket.gethostname()

    @property
    def metrics_folder(self) -> Path | None:
        """Where the workers' metrics meet; none when a single process serves."""
        return Path(self.run_folder) / "metrics" if self.run_folder else None

    def _check(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                variable = _VARIABLES[name]
                raise ConfigurationError(f"{variable} is {value}; choose {low} to {high}.")
        if not self.loopback and not self.admin_token:
            raise ConfigurationError(
                f"Refusing to listen on {self.host} without a token: anyone could reset the lab. "
                f"Set BOOKING_LAB_ADMIN_TOKEN, or listen on 127.0.0.1."
            )


_VARIABLES = {f.name: f.metadata["variable"] for f in fields(Settings)}
_RANGES: tuple[tuple[str, float, float], ...] = (
    ("port", 1, 65_535),
    ("workers", 1, 64),
    ("threads", 2, 256),
    ("think_time_ms", 0, 10_000),
    ("booking_pool", 1, 256),
    ("read_pool", 1, 64),
    ("pool_timeout", 0.01, 120),
    ("lock_timeout", 0.01, 120),
    ("statement_timeout", 0.01, 600),
    ("redis_timeout", 0.01, 60),
    ("max_body", 256, 10_000_000),
    ("drain_seconds", 0, 120),
    ("trace_sample", 0, 1),
)


def _parse(variable: str, text: str, default: Any) -> Any:
    try:
        if isinstance(default, tuple):
            return tuple(part for part in text.split(os.pathsep) if part)
        return type(default)(text)
    except ValueError:
        kind = {int: "a whole number", float: "a number"}[type(default)]
        raise ConfigurationError(f"{variable} is {text!r}; it takes {kind}.") from None


def _print(value: Any) -> str:
    return os.pathsep.join(value) if isinstance(value, tuple) else str(value)
