"""The parts of a lab, and the steps of its start in order."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path

import psycopg2

from booking_lab.config import Settings
from booking_lab.db import schema
from booking_lab.db.connector import Connector
from booking_lab.errors import LockTimeout, Unavailable
from booking_lab.observers import metric_files
from booking_lab.observers.history import open_history
from booking_lab.runtime import worker_registry
from booking_lab.stack import accounts, preflight
from booking_lab.stack.errors import StackError
from booking_lab.stack.folders import (
    DataFolder,
    complete_run_folder,
    make_mark_file,
    make_run_folder,
)
from booking_lab.stack.launch_spec import REDLOCK, LaunchSpec, environment_for
from booking_lab.stack.processes import process
from booking_lab.stack.processes.lab_state import SERVICE
from booking_lab.stack.processes.managed_process import ManagedProcess
from booking_lab.stack.processes.rotation import open_log
from booking_lab.stack.servers import cluster, postgres, valkey
from booking_lab.stack.service import listeners

#: Seconds: gunicorn's own limit, and some time for the last writes of its workers.
_SERVICE_PATIENCE = 25.0


@dataclass(frozen=True)
class StartStep:
    """One step of the start.

    Attributes:
        is_done: whether the step is done; called again and again.
        progress: the line for the user when the step is done; empty: no line.
        part: the part that the step waits for; it is started if it isn't running.
        seconds: the time limit.
        retry: the number of seconds in which the part may fail and is started again.
    """

    is_done: Callable[[], bool]
    progress: str
    part: ManagedProcess | None = None
    seconds: float = 60.0
    retry: float = 0.0


class Assembly:
    """The parts of one lab, their addresses and their files."""

    def __init__(self, spec: LaunchSpec, settings: Settings) -> None:
        self.parts: list[ManagedProcess] = []
        self.url = ""
        self.run_folder: Path | None = None
        self.embedded_database_url = ""
        self.embedded_redis_url = ""
        self.embedded_redlock_urls: tuple[str, ...] = ()
        self._data = DataFolder(Path(spec.data))
        self._spec = spec
        self._settings = settings
        self._listeners: listeners.Listeners | None = None
        self._user: accounts.User | None = None
        self._run_folder_lock = -1

    def steps(self) -> Iterator[StartStep]:
        """Yield the steps; the work of each is done when it is drawn."""
        settings = self._settings
        if self._spec.instances:
            self._listeners = listeners.bind(settings.host, self._spec.port, self._spec.instances)
            self.url = listeners.address(settings.host, self._listeners.port)
        # All checks of the settings come before the first start.
        if self._spec.instances:
            preflight.check_plugins(settings)
        if settings.history:
            os.close(open_history(settings.history))
        if settings.database_url:
            preflight.check_database(settings.database_url)
            yield _progress_step("PostgreSQL of your own answers.")
        if settings.redis_url:
            preflight.check_redis(settings.redis_url)
            yield _progress_step("Redis of your own answers.")
        if settings.redlock_urls:
            for url in settings.redlock_urls:
                preflight.check_redis(url, "BOOKING_LAB_REDLOCK_URLS")
            yield _progress_step("Redlock's servers of your own answer.")
        if not settings.database_url:
            self._user = accounts.for_postgres(self._data.cluster)
            cluster.check(self._data, self._user)
        self.run_folder = make_run_folder(self._user)
        self._lock_run_folder()
        if not settings.database_url:
            yield from self._postgres(self._user)
        yield from self._valkeys()
        if self._spec.instances:
            prepare_schema(self._running_settings())
            yield _progress_step("Tables and seats are in place.")
            yield from self._service()

    def stop_order(self) -> list[list[ManagedProcess]]:
        """Return groups of parts to stop together, the last started ones first."""
        return [list(group) for _, group in groupby(reversed(self.parts), lambda part: part.kind)]

    def forget_dead_workers(self) -> None:
        """Remove the gauges of dead workers from the metrics."""
        if self.run_folder:
            metric_files.remove_dead_gauges(self.run_folder / "metrics")

    def restore_run_folder(self) -> None:
        """Restore the files of the run folder that were removed.

        Raises:
            OSError: they can't be restored.
        """
        if self.run_folder:
            complete_run_folder(self.run_folder, self._user)
            self._lock_run_folder()

    def _lock_run_folder(self) -> None:
        """Lock the folder, so that systemd-tmpfiles does not clean it."""
        if self._run_folder_lock >= 0:
            os.close(self._run_folder_lock)
        self._run_folder_lock = os.open(self.run_folder or "/", os.O_RDONLY | os.O_DIRECTORY)
        with suppress(OSError):
            fcntl.flock(self._run_folder_lock, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def go_unready(self) -> None:
        """Make /ready answer 503, and stop listening."""
        for mark in self._running_settings().draining_marks[:1]:
            make_mark_file(mark)
        if self._listeners:
            self._listeners.close()

    def _postgres(self, user: accounts.User | None) -> Iterator[StartStep]:
        assert self.run_folder
        run_folder = self.run_folder
        began = time.monotonic()
        binaries = postgres.programs(user)
        if not self._data.cluster.exists():
            cluster.initialise(self._data, binaries, user, durable=self._spec.durable)
            yield _progress_step(
                f"Made a PostgreSQL cluster in {self._data.cluster}{_seconds_since(began)}."
            )
        began = time.monotonic()
        connections = postgres.max_connections(self._settings, self._spec.instances)
        command = postgres.command(
            self._data, binaries, run_folder, connections, durable=self._spec.durable
        )
        log = self._data.log_of("postgresql")

        def start() -> subprocess.Popen[bytes]:
            cluster.replace_stale_lock(self._data.cluster)
            # SIGINT is PostgreSQL's fast shutdown: it ends the sessions, and needs no recovery.
            with open_log(log) as output:
                return process.start(command, user=user, death_signal=signal.SIGINT, output=output)

        self.embedded_database_url = postgres.url(run_folder)
        part = ManagedProcess(
            "postgresql",
            start,
            signal.SIGINT,
            stop_seconds=30.0,
            url=self.embedded_database_url,
            run_file=postgres.socket(run_folder),
            is_stuck_stopping=lambda: cluster.is_stopping(self._data.cluster),
        )
        # After a crash, sessions of the old server may use its shared memory for some time.
        retry = 15.0 if (self._data.cluster / "postmaster.pid").exists() else 0.0
        yield self._start_step(part, lambda: postgres.is_ready(run_folder), retry=retry)
        cluster.create_database(run_folder)
        yield _progress_step(f"PostgreSQL answers{_seconds_since(began)}.")

    def _valkeys(self) -> Iterator[StartStep]:
        """Start all lock servers, and then wait for them."""
        began = time.monotonic()
        single = [] if self._settings.redis_url else [self._valkey(valkey.NAME)]
        redlock = [self._valkey(name) for name in REDLOCK] if self._embeds_redlock() else []
        self.embedded_redis_url = "".join(part.url for part in single)
        self.embedded_redlock_urls = tuple(part.url for part in redlock)
        for part in (*single, *redlock):
            yield self._start_step(part, lambda: True)
        for parts, answer in ((single, "Valkey answers"), (redlock, "Redlock's servers answer")):
            for part in parts:
                yield StartStep(partial(valkey.is_ready, part.url), "", part)
            if parts:
                yield _progress_step(f"{answer}{_seconds_since(began)}.")
        if not redlock and not self._settings.redlock_urls:
            yield _progress_step(f"No servers for Redlock: {valkey.PACKAGE} is not installed.")

    def _valkey(self, name: str) -> ManagedProcess:
        assert self.run_folder
        return valkey.managed_process(name, self.run_folder, self._data.log_of(name))

    def _embeds_redlock(self) -> bool:
        """Whether Redlock's servers are embedded.

        They are, unless the settings name other ones. The setting for Redis is independent of that.
        But a lab with a Redis of its own must not fail because Valkey is missing: then it runs
        without Redlock.
        """
        if self._settings.redlock_urls:
            return False
        return not self._settings.redis_url or valkey.available()

    def _service(self) -> Iterator[StartStep]:
        assert self._listeners
        began = time.monotonic()
        host = self._settings.host
        for index, port in enumerate(self._listeners.ports):
            part = ManagedProcess(
                f"{SERVICE}-{index + 1}",
                self._starter(index),
                signal.SIGTERM,
                stop_seconds=_SERVICE_PATIENCE,
                url=listeners.address(host, port),
                run_file=self._running_settings().metrics_folder,
            )
            yield self._start_step(part, lambda: True)
        for index, part in enumerate(self._instances()):
            yield StartStep(partial(self._is_serving, index), "", part)
        workers = f"{self._spec.instances} x {self._settings.workers} workers"
        yield _progress_step(f"The service answers with {workers}{_seconds_since(began)}.")

    def _is_serving(self, index: int) -> bool:
        """Whether an instance is ready with all its workers.

        Otherwise the first worker would get all early requests.
        """
        assert self._listeners
        if not self._listeners.ready(self._listeners.ports[index]):
            return False
        try:
            with Connector(self._running_settings().database_url).session() as session:
                there = worker_registry.live_workers(session, _instance_name(index))
        except Unavailable:
            return False
        return there >= self._settings.workers

    def _instances(self) -> list[ManagedProcess]:
        return [part for part in self.parts if part.kind == SERVICE]

    def _starter(self, index: int) -> Callable[[], subprocess.Popen[bytes]]:
        assert self._listeners
        sockets = self._listeners.of(index)
        settings = replace(self._running_settings(), instance=_instance_name(index))
        command: list[str | Path] = [sys.executable, "-m", "booking_lab.stack.service"]
        command += [text for fd in sockets for text in ("--socket", str(fd))]
        if settings.pin:
            command += ["--first-core", str(index * settings.workers)]
        environment = environment_for(settings)

        def start() -> subprocess.Popen[bytes]:
            # The standard error of this process is the lab's log.
            return process.start(
                command,
                environment=environment,
                output=sys.stderr.fileno(),
                sockets=sockets,
            )

        return start

    def _running_settings(self) -> Settings:
        """Return the settings with the addresses of the servers that have been started."""
        return replace(
            self._settings,
            port=self._listeners.port if self._listeners else self._settings.port,
            database_url=self._settings.database_url or self.embedded_database_url,
            redis_url=self._settings.redis_url or self.embedded_redis_url,
            redlock_urls=self._settings.redlock_urls or self.embedded_redlock_urls,
            run_folder=str(self.run_folder or ""),
        )

    def _start_step(
        self, part: ManagedProcess, done: Callable[[], bool], *, retry: float = 0.0
    ) -> StartStep:
        self.parts.append(part)
        return StartStep(done, "", part, retry=retry)


def _instance_name(index: int) -> str:
    """Return the name of an instance."""
    return str(index + 1)


def prepare_schema(settings: Settings) -> None:
    """Migrate the database to this version.

    Raises:
        ConfigurationError: the database is newer, lacks something, or has other tables.
        StackError: the migration failed, for example because of missing rights.
    """
    try:
        schema.migrate(settings.database_url, settings)
    except LockTimeout:
        raise StackError(
            "The tables could not be migrated to this version: another lab is migrating them, or "
            "other sessions use them. Nothing was changed; try again."
        ) from None
    except psycopg2.Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise StackError(f"The tables could not be made in the database: {reason}.") from None


def _progress_step(progress: str) -> StartStep:
    return StartStep(lambda: True, progress)


def _seconds_since(began: float) -> str:
    return f" ({time.monotonic() - began:.1f} s)"
