"""One part of the lab: a process that is started, watched, started again, and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from booking_lab.stack.process import Process
from booking_lab.stack.state import PartState

_LONGEST_PAUSE = 5.0
#: Who lived this long has recovered: the next pause is a short one again.
_HEALTHY_SECONDS = 10.0


@dataclass
class Part:
    """A process of the lab and how to deal with it.

    Attributes:
        name: its name, in `status` and in the log.
        start: starts it.
        stop_signal: asks it to stop in good order.
        patience: how many seconds it gets for that.
        url: where it can be spoken to, for `status`.
        restarts: how often it was started again.
    """

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    stop_signal: signal.Signals
    patience: float
    url: str = ""
    restarts: int = 0
    due: float = 0.0
    state: PartState | None = None
    _running: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _pause: float = 0.1

    def launch(self) -> None:
        """Start it."""
        self._running = self.start()
        process = Process.of(self._running.pid) or Process(self._running.pid, 0)
        self.state = PartState(self.name, process, time.time(), self.url, self.restarts)

    @property
    def kind(self) -> str:
        """What it is one of: ``service`` for ``service-2``."""
        return self.name.partition("-")[0]

    @property
    def pid(self) -> int:
        """Its process id; 0 while it doesn't run."""
        return self._running.pid if self._running else 0

    def ended(self, status: int) -> float:
        """Note that its process has ended; returns the seconds until it is to be started again."""
        assert self._running
        assert self.state
        self._running.returncode = os.waitstatus_to_exitcode(status)
        self._running = None
        if time.time() - self.state.since > _HEALTHY_SECONDS:
            self._pause = 0.1
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        self.restarts += 1
        self.due = time.monotonic() + pause
        return pause

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; it is our child and not yet waited for, so its number is its own."""
        if self._running:
            os.kill(self._running.pid, number)
