"""Processes of the operating system: identity, descendants, and starting one."""

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
    """One process; a later one with the same process id is not equal to it.

    Attributes:
        pid: the process id.
        started: the time of its start, in the kernel's clock ticks since boot.
    """

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """Return the process that has this id now; none: there is none, or a zombie."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        # The name in parentheses can have any characters; the fields after it are numbers.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    @property
    def alive(self) -> bool:
        """Whether the process is still running."""
        return Process.of(self.pid) == self

    @property
    def owner(self) -> int:
        """The id of the user that runs it; -1: it has ended."""
        try:
            return Path(f"/proc/{self.pid}").stat().st_uid
        except OSError:
            return -1

    def send(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end within a time limit; return whether it has ended."""
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def descendants(pid: int) -> list[Process]:
    """Return the running descendants of ``pid``, parents before their children."""
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
    """Start a program that gets ``death_signal`` when this process ends.

    Args:
        command: the full path of the program, and its arguments.
        user: the uid and gid of the program; by default those of this process.
        death_signal: the signal that the kernel sends when this process, or this thread, ends.
        environment: the environment; by default that of this process.
        output: the file for standard output.
        errors: the file for standard error; by default that for standard output.
        sockets: descriptors that the program inherits.
        session: whether the program has a session of its own, so that Ctrl-C does not reach it.
    """
    wrapper: list[str | Path] = [sys.executable, "-I", "-S", _WRAPPER, str(os.getpid())]
    wrapper += [str(int(death_signal)), f"{user[0]}:{user[1]}" if user else "-", "--"]
    return subprocess.Popen(
        [*wrapper, *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env=environment,
        pass_fds=sockets,
        start_new_session=session,
    )
