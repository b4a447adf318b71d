"""gunicorn's master process for one instance of the service, and the start and stop of workers."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import time
from itertools import count
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from booking_lab.config import Settings, forget_clients_environment
from booking_lab.observers import metric_files
from booking_lab.stack.folders import make_mark_file
from booking_lab.stack.processes.die_with_parent import die_with_parent
from booking_lab.stack.service import cpu_and_gc
from booking_lab.stack.service.balancing import Peers
from booking_lab.stack.service.framing import MOST_LINE
from booking_lab.stack.service.listeners import BACKLOG
from booking_lab.stack.service.worker import LabWorker
from booking_lab.web.app import create_app
from booking_lab.web.http.logs import logging_config

#: Longer than the longest booking: its waits for locks and statements have limits.
GRACEFUL_SECONDS = 20
#: The time between the first 503 at /ready and the stop, for a balancer.
_UNREADY_SECONDS = 1.0


class LabMaster(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """A master that answers 503 at /ready before it stops, and that can stop starting workers.

    A new worker still has the signal handler of its master, which only queues signals for the
    master's loop. So a signal would be lost until the worker has its own handlers.
    """

    def spawn_worker(self) -> int:
        """Fork a worker; SIGTERM is blocked until the worker handles it, see ``_start_lab``."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            return int(super().spawn_worker())
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def handle_term(self) -> None:
        """Answer 503 at /ready, wait a moment, and then stop after the requests under way."""
        # A supervisor has made the mark for all instances already; then there is no balancer.
        if (marks := self.app.settings.draining_marks) and not marks[0].exists():
            make_mark_file(marks[1])
            time.sleep(_UNREADY_SECONDS)
        super().handle_term()


class GunicornApp(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The application, with gunicorn's settings.

    Args:
        settings: the settings of the service.
        sockets: inherited descriptors to listen on; empty: bind the host and port of ``settings``.
        own_run_folder: whether to remove the run folder at the end.
        first_core: the core of the first worker; the others have the next cores; none: no pinning.
    """

    def __init__(
        self,
        settings: Settings,
        sockets: list[int],
        *,
        own_run_folder: bool = False,
        first_core: int | None = None,
    ) -> None:
        self.settings = settings
        self.first_core = first_core
        # A reload starts as many new workers before it stops the old ones.
        self.peers = Peers(2 * settings.workers)
        self._sockets = sockets
        self._own_run_folder = own_run_folder
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn's settings; it reads no file, no variable and no argument."""
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Create the application, before the workers are forked."""
        return create_app(self.settings)

    def run(self) -> None:
        """Serve until told to stop."""
        LabMaster(self).run()

    def _options(self) -> dict[str, Any]:
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        shared_memory = Path("/dev/shm")  # gunicorn puts a nameless file there
        return {
            "bind": [f"fd://{fd}" for fd in self._sockets] or [f"{host}:{self.settings.port}"],
            "workers": self.settings.workers,
            "threads": self.settings.threads,
            "worker_class": LabWorker,
            "preload_app": True,
            "limit_request_line": MOST_LINE,
            # No proxy is trusted with the header fields that change the address of a client.
            "forwarded_allow_ips": "",
            "backlog": BACKLOG,
            "graceful_timeout": GRACEFUL_SECONDS,
            "control_socket_disable": True,
            # On a busy disk, the heartbeat would be late, and gunicorn would kill the worker.
            "worker_tmp_dir": str(shared_memory) if os.access(shared_memory, os.W_OK) else None,
            "logconfig_dict": logging_config(self.settings.log_level),
            "loglevel": self.settings.log_level.lower(),
            "pre_fork": _choose_place,
            "post_fork": _start_lab,
            "worker_exit": _stop_lab,
            "child_exit": _forget_worker,
            "on_exit": self._clear_up,
        }

    def _clear_up(self, _master: Arbiter) -> None:
        if self._own_run_folder:
            shutil.rmtree(self.settings.run_folder, ignore_errors=True)


def _choose_place(master: Arbiter, worker: Worker) -> None:
    # In the master, which knows the places in use: a new worker gets the place of the dead one, and
    # with it its core.
    taken = {one.place for one in master.WORKERS.values()}
    worker.place = next(place for place in count() if place not in taken)


def _start_lab(master: Arbiter, worker: Worker) -> None:
    # No request is under way yet, so SIGTERM may end the worker at once.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    # gunicorn's workers check for their master once a second; the kernel sends a signal at once.
    die_with_parent(master.pid, signal.SIGTERM)
    if (first := master.app.first_core) is not None:
        cpu_and_gc.pin_to_core(first + worker.place)
    if folder := master.app.settings.metrics_folder:
        metric_files.claim_slot(folder)
    worker.app.wsgi().extensions["lab"].start()
    cpu_and_gc.tune_garbage_collector()


def _stop_lab(_master: Arbiter, worker: Worker) -> None:
    # gunicorn also calls this in the master, for a worker that had ended before it was killed.
    if worker.pid == os.getpid():
        worker.app.wsgi().extensions["lab"].stop()


def _forget_worker(master: Arbiter, worker: Worker) -> None:
    master.app.peers.pass_on_requests_of(worker.place)
    if folder := master.app.settings.metrics_folder:
        metric_files.remove_dead_gauges(folder)


def main() -> None:
    """Run the service, for the supervisor and for `booking-lab serve`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=int, action="append", default=[])
    parser.add_argument("--own-run-folder", action="store_true")
    parser.add_argument("--first-core", type=int)
    given = parser.parse_args()
    forget_clients_environment()
    settings = Settings.from_environment()
    for mark in settings.draining_marks[1:]:
        mark.unlink(missing_ok=True)  # the mark of an earlier stop
    GunicornApp(
        settings,
        given.socket,
        own_run_folder=given.own_run_folder,
        first_core=given.first_core,
    ).run()
