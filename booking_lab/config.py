"""Settings of the lab, read once from the environment; nothing else reads ``os.environ``."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from booking_lab import permissions
from booking_lab.errors import ConfigurationError


def _setting(variable: str, default: Any, about: str, *, separator: str | None = os.pathsep) -> Any:
    """Describe one setting; ``separator`` divides the parts of a tuple, none stands for blanks."""
    metadata = {"variable": variable, "about": about, "separator": separator}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """The settings of the lab. The metadata of a field has its variable and its description."""

    database_url: str = _setting("DATABASE_URL", "", "PostgreSQL of your own; empty: embedded")
    redis_url: str = _setting("REDIS_URL", "", "Redis or Valkey of your own; empty: embedded")
    redlock_urls: tuple[str, ...] = _setting(
        "BOOKING_LAB_REDLOCK_URLS",
        (),
        "Redis or Valkey servers of your own for Redlock, an odd number of at least 3, "
        "separated by spaces; empty: embedded",
        separator=None,  # a colon is part of every URL
    )
    host: str = _setting("BOOKING_LAB_HOST", "127.0.0.1", "address to listen on")
    allowed_hosts: tuple[str, ...] = _setting(
        "BOOKING_LAB_ALLOWED_HOSTS",
        (),
        "further names, besides localhost, for which a lab without a token answers, "
        "separated by spaces",
        separator=None,
    )
    port: int = _setting("BOOKING_LAB_PORT", 8000, "port to listen on")
    workers: int = _setting("BOOKING_LAB_WORKERS", 4, "gunicorn workers of each instance")
    threads: int = _setting("BOOKING_LAB_THREADS", 64, "threads of each worker")
    pin: bool = _setting(
        "BOOKING_LAB_PIN",
        True,
        "1: `booking-lab up` keeps each worker on one core; 0: on whichever is free",
    )
    instance: str = _setting("BOOKING_LAB_INSTANCE", "", "name of this instance; empty: the host's")
    admin_token: str = _setting("BOOKING_LAB_ADMIN_TOKEN", "", "bearer token of /admin")
    strategy: str = _setting("BOOKING_LAB_STRATEGY", "none", "strategy of a new database")
    strategy_folders: tuple[str, ...] = _setting(
        "BOOKING_LAB_STRATEGIES", (), "more folders with strategies, separated by ':'"
    )
    shelf: bool = _setting(
        "BOOKING_LAB_SHELF", False, "1: offer the strategies that are broken on purpose as well"
    )
    workload_folders: tuple[str, ...] = _setting(
        "BOOKING_LAB_WORKLOADS", (), "more folders with workloads, separated by ':'"
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
    prepare: bool = _setting(
        "BOOKING_LAB_PREPARE",
        True,
        "1: PostgreSQL plans a booking's statements once for each connection, unless a pooler is "
        "between; 0: each time",
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
    request_timeout: float = _setting(
        "BOOKING_LAB_REQUEST_TIMEOUT",
        10.0,
        "seconds within which a request has to arrive completely, and a client has to take its "
        "answer",
    )
    keepalive: float = _setting(
        "BOOKING_LAB_KEEPALIVE", 75.0, "seconds that a connection may be idle between requests"
    )
    drain_seconds: float = _setting(
        "BOOKING_LAB_DRAIN_SECONDS", 5.0, "longest wait for running bookings at a switch"
    )
    ledger_days: float = _setting(
        "BOOKING_LAB_LEDGER_DAYS",
        30.0,
        "days after which the ledger deletes bookings that were not confirmed; 0: never",
    )
    otlp_endpoint: str = _setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT", "", "OTLP over HTTP, for traces; empty: no tracing"
    )
    trace_sample: float = _setting(
        "BOOKING_LAB_TRACE_SAMPLE", 1.0, "share of the bookings that are traced, 0 to 1"
    )
    history: str = _setting(
        "BOOKING_LAB_HISTORY",
        "",
        "file to which every booking's invocation and answer is appended, as JSON lines; "
        "empty: none",
    )
    run_folder: str = _setting(
        "BOOKING_LAB_RUN_FOLDER", "", "folder of the running lab's files; set by the launcher"
    )
    log_level: str = _setting("BOOKING_LAB_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Return the settings from environment variables, with defaults for the others.

        Args:
            environment: the variables; the default is the environment of the process.

        >>> Settings.from_environment({"BOOKING_LAB_WORKERS": "2"}).workers
        2
        >>> Settings.from_environment({"BOOKING_LAB_PORT": "http"})
        Traceback (most recent call last):
        booking_lab.errors.ConfigurationError: BOOKING_LAB_PORT is 'http'; it takes a whole number.

        Raises:
            ConfigurationError: a value has the wrong type or is out of range.
        """
        environment = os.environ if environment is None else environment
        given = {
            f.name: _parse(f, environment[f.metadata["variable"]])
            for f in fields(cls)
            if f.metadata["variable"] in environment
        }
        settings = cls(**given)
        settings._check()
        return settings

    def to_environment(self) -> dict[str, str]:
        """Return these settings as variables for ``from_environment``; defaults are left out."""
        return {
            f.metadata["variable"]: _format(f, getattr(self, f.name))
            for f in fields(self)
            if getattr(self, f.name) != f.default
        }

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach ``host``."""
        return is_loopback(self.host)

    @property
    def instance_name(self) -> str:
        """The unique name of this instance; replicas in containers differ by their host."""
        return self.instance or socket.gethostname()

    @property
    def metrics_folder(self) -> Path | None:
        """The folder for the metrics of all workers; none if a single process serves."""
        return Path(self.run_folder) / "metrics" if self.run_folder else None

    @property
    def draining_marks(self) -> tuple[Path, ...]:
        """The files that mark a stop in progress: of the whole lab, and of this instance."""
        if not self.run_folder:
            return ()
        mark = Path(self.run_folder) / "draining"
        return mark, mark.with_name(f"draining-{quote(self.instance_name, safe='')}")

    def _check(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                variable = _VARIABLES[name]
                raise ConfigurationError(f"{variable} is {value}; choose {low} to {high}.")
        if self.log_level not in _LEVELS:
            raise ConfigurationError(
                f"{_VARIABLES['log_level']} is {self.log_level!r}; choose one of "
                f"{', '.join(_LEVELS)}."
            )
        if self.otlp_endpoint and not _is_http(self.otlp_endpoint):
            # The message does not quote it, because it may contain a password.
            raise ConfigurationError(
                f"{_VARIABLES['otlp_endpoint']} can't be read: it takes http://host:port."
            )
        _check_redlock(_VARIABLES["redlock_urls"], self.redlock_urls)
        for name in ("strategy_folders", "workload_folders"):
            for folder in getattr(self, name):
                if reason := permissions.written_by_others(Path(folder)):
                    raise ConfigurationError(
                        f"{_VARIABLES[name]} names {folder}, whose files the lab would run: "
                        f"{reason}. Close it to others, or name another folder."
                    )
        if self.admin_token.strip() != self.admin_token or not self.admin_token.isprintable():
            raise ConfigurationError(
                "BOOKING_LAB_ADMIN_TOKEN begins or ends with a blank, or has a character that "
                "can't be shown: no client could send it."
            )
        if not self.loopback and not self.admin_token:
            raise ConfigurationError(
                f"Refusing to listen on {self.host} without a token: anyone could reset the lab. "
                f"Set BOOKING_LAB_ADMIN_TOKEN, or listen on 127.0.0.1."
            )


def forget_clients_environment() -> None:
    """Remove the variables of PostgreSQL's clients from this process's environment.

    A connection depends on its URL alone; ``PGSSLMODE`` or ``PGSERVICE`` of a shell are meant for
    other programs. The variables for passwords stay, because a URL is no safe place for them.
    """
    for name in list(os.environ):
        if name.startswith("PG") and name not in {"PGPASSWORD", "PGPASSFILE"}:
            del os.environ[name]


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
    ("request_timeout", 0.1, 600),
    ("keepalive", 1, 3600),
    ("drain_seconds", 0, 120),
    ("ledger_days", 0, 3_650),
    ("trace_sample", 0, 1),
)

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

#: The highest value of each numeric setting.
UPPER_BOUNDS = {name: high for name, _, high in _RANGES}


def is_loopback(host: str) -> bool:
    """Return whether a host is a loopback address, which only this machine can reach.

    The only name that counts is localhost: any other name may resolve to any address.
    """
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def redis_address(redis_url: str) -> str:
    """Return the address in a Redis URL without its password: ``host:port``, or a socket's path.

    Raises:
        ValueError: it is no URL of Redis.
    """
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        return parts.path
    if parts.scheme not in {"redis", "rediss"}:
        raise ValueError("not redis://, rediss:// or unix://")
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}"


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number, or there are brackets without an address
        return False


def _check_redlock(variable: str, urls: tuple[str, ...]) -> None:
    """Check that Redlock has an odd number of different servers; errors quote no password.

    Raises:
        ConfigurationError: there are too few, an even number, or the same one twice.
    """
    places: list[str] = []
    for number, url in enumerate(urls, start=1):
        try:
            places.append(redis_address(url))
        except ValueError:
            raise ConfigurationError(
                f"{variable} can't be read: its URL number {number} is not of the form "
                f"redis://:password@host:port/0; separate several by blanks."
            ) from None
    if urls and (len(urls) < 3 or len(urls) % 2 == 0):
        raise ConfigurationError(
            f"{variable} holds {len(urls)} URL{'s' if len(urls) > 1 else ''}; Redlock takes an odd "
            f"number of servers from 3, separated by blanks (or leave it empty: embedded ones)."
        )
    for place in places:
        if places.count(place) > 1:
            raise ConfigurationError(
                f"{variable} names the server at {place} twice; each has to be another server, "
                f"not another database of the same."
            )


_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?(e[-+]?[0-9]+)?", re.ASCII | re.IGNORECASE)


def _parse(setting: Field[Any], text: str) -> Any:
    default: Any = setting.default
    try:
        if isinstance(default, tuple):
            return tuple(part for part in text.split(setting.metadata["separator"]) if part)
        if isinstance(default, bool):
            return {"0": False, "1": True}[text]
        if not isinstance(default, str) and not _NUMBER.fullmatch(text):
            raise ValueError(text)  # Python takes 1_0 and digits of other scripts as well
        return type(default)(text)
    except (KeyError, ValueError):
        variable = setting.metadata["variable"]
        kind = {bool: "0 or 1", int: "a whole number", float: "a number"}[type(default)]
        raise ConfigurationError(f"{variable} is {text!r}; it takes {kind}.") from None


def _format(setting: Field[Any], value: Any) -> str:
    separator = setting.metadata["separator"] or " "
    if isinstance(value, tuple):
        return separator.join(value)
    return str(int(value)) if isinstance(value, bool) else str(value)
