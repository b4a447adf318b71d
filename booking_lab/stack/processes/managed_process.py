"""One part of the lab: a process that is started, watched, started again, and stopped."""

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
#: Who lived this long has recovered: the next pause is a short one again.
_HEALTHY_SECONDS = 10.0


@dataclass
class ManagedProcess:
    """A process of the lab and how to deal with it.

    Attributes:
        name: its name, in `status` and in the log.
        start: starts it.
        stop_signal: asks it to stop in good order.
        stop_seconds: how many seconds it gets for that.
        url: where it can be spoken to, for `status`.
        run_file: what it needs in the run folder for as long as it runs.
        is_stuck_stopping: whether it was told to stop and waits for others to let it go.
        restarts: how often it was started again.
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
        """Start it."""
        self._running = self.start()
        self._had_file, self._kill_at = False, math.inf
        process = Process.of(self._running.pid) or Process(self._running.pid, 0)
        self.state = ProcessState(self.name, process, time.time(), self.url, self.restarts)

    @property
    def kind(self) -> str:
        """What it is one of: ``service`` for ``service-2``."""
        return kind_and_number(self.name)[0]

    @property
    def pid(self) -> int:
        """Its process id; 0 while it doesn't run."""
        return self._running.pid if self._running else 0

    def record_end(self, status: int) -> float:
        """Note that its process has ended; returns the seconds until it is to be started again."""
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
        """Whether it runs, and what it had in the run folder is gone."""
        if not self.pid or not self.run_file:
            return False
        there = self.run_file.exists()
        self._had_file |= there
        return self._had_file and not there

    def restart(self) -> None:
        """Ask it to stop, and be started again; whoever does not stop in time is killed."""
        if self._kill_at == math.inf:
            self._kill_at = time.monotonic() + self.stop_seconds
            self.send(self.stop_signal)
        elif time.monotonic() > self._kill_at:
            self.send(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; it is our child and not yet waited for, so its number is its own."""
        if self._running:
            os.kill(self._running.pid, number)
