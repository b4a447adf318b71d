"""Processes: who lives, who descends from whom, and how one is started on a leash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_WRAPPER = Path(__file__).with_name("die_with_parent.py")


@dataclass(frozen=True)
class Process:
    """One process, told apart from a later one that was given the same number.

    Attributes:
        pid: the process id.
        started: when it started, in the kernel's clock ticks since boot.
    """

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """Return the process that has this number now; none if there is none, or a zombie."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        # The name, in parentheses, may hold anything; the fields after it are numbers.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    @property
    def alive(self) -> bool:
        """Whether it is still the same one."""
        return Process.of(self.pid) == self

    @property
    def owner(self) -> int:
        """The number of the user that runs it; -1: it has gone."""
        try:
            return Path(f"/proc/{self.pid}").stat().st_uid
        except OSError:
            return -1

    def send(self, number: int) -> None:
        """Send a signal, unless it has gone."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; returns whether it came in time."""
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def descendants(pid: int) -> list[Process]:
    """Return the living processes below ``pid``, children first."""
    found: list[Process] = []
    waiting = [pid]
    while waiting:
        above = waiting.pop(0)
        for children in Path(f"/proc/{above}/task").glob("*/children"):
            with suppress(OSError):
                for child in map(int, children.read_text().split()):
                    if process := Process.of(child):
                        found.append(process)
                        waiting.append(child)
    return found


def start(
    command: Sequence[str | Path],
    *,
    user: tuple[int, int] | None = None,
    death_signal: int = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | int,
    errors: IO[bytes] | int = subprocess.STDOUT,
    sockets: Sequence[int] = (),
    session: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program that gets ``death_signal`` when this thread's process ends.

    Args:
        command: the program's full path and its arguments.
        user: uid and gid to run it as, if not our own.
        death_signal: what the kernel sends it when we die.
        environment: its environment; ours by default.
        output: where standard output goes.
        errors: where standard error goes; by default where standard output goes.
        sockets: descriptors that it inherits.
        session: whether it gets a session of its own, away from the terminal's Ctrl-C.
    """
    leash: list[str | Path] = [sys.executable, "-I", "-S", _WRAPPER, str(os.getpid())]
    leash += [str(int(death_signal)), f"{user[0]}:{user[1]}" if user else "-", "--"]
    return subprocess.Popen(
        [*leash, *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env=environment,
        pass_fds=sockets,
        start_new_session=session,
    )
