"""A process of the lab that the supervisor starts, restarts and stops."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from booking_lab.stack.processes.lab_state import ProcessState, kind_and_number
from booking_lab.stack.processes.process import Process

_LONGEST_PAUSE = 5.0
#: After this time, a process counts as recovered: the next restart comes after a short pause again.
_HEALTHY_SECONDS = 10.0


@dataclass
class ManagedProcess:
    """A process of the lab.

    Attributes:
        name: the name, for `status` and for the log.
        start: the function that starts the process.
        stop_signal: the signal for an orderly stop.
        stop_seconds: the time limit for the stop, in seconds.
        url: the address, for `status`.
        run_file: the file in the run folder that the process needs while it runs.
        is_stuck_stopping: whether it got a signal to stop, and waits for its clients.
        restarts: the number of restarts.
        restart_at: the time of the next restart, on the monotonic clock.
        state: the state for the state file; none: it was never started.
    """

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    stop_signal: signal.Signals
    stop_seconds: float
    url: str = ""
    run_file: Path | None = None
    is_stuck_stopping: Callable[[], bool] = lambda: False
    restarts: int = 0
    restart_at: float = 0.0
    state: ProcessState | None = None
    _running: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _restart_pause: float = 0.1
    _had_file: bool = False
    _kill_at: float = math.inf

    def launch(self) -> None:
        """Start the process."""
        self._running = self.start()
        self._had_file, self._kill_at = False, math.inf
        process = Process.of(self._running.pid) or Process(self._running.pid, 0)
        self.state = ProcessState(self.name, process, time.time(), self.url, self.restarts)

    @property
    def kind(self) -> str:
        """The kind: ``service`` for ``service-2``."""
        return kind_and_number(self.name)[0]

    @property
    def pid(self) -> int:
        """The process id; 0: it is not running."""
        return self._running.pid if self._running else 0

    def record_end(self, status: int) -> float:
        """Record the end of the process; return the seconds until its restart."""
        assert self._running
        assert self.state
        self._running.returncode = os.waitstatus_to_exitcode(status)
        self._running = None
        if time.time() - self.state.since > _HEALTHY_SECONDS:
            self._restart_pause = 0.1
        pause = self._restart_pause
        self._restart_pause = min(pause * 2, _LONGEST_PAUSE)
        self.restarts += 1
        self.restart_at = time.monotonic() + pause
        return pause

    def has_lost_file(self) -> bool:
        """Whether the process is running, and its file in the run folder was removed."""
        if not self.pid or not self.run_file:
            return False
        there = self.run_file.exists()
        self._had_file |= there
        return self._had_file and not there

    def restart(self) -> None:
        """Stop the process, so that it is restarted; kill it if it does not stop in time."""
        if self._kill_at == math.inf:
            self._kill_at = time.monotonic() + self.stop_seconds
            self.send(self.stop_signal)
        elif time.monotonic() > self._kill_at:
            self.send(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """Send a signal; the id can't belong to another process before its end is recorded."""
        if self._running:
            os.kill(self._running.pid, number)
