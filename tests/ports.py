"""Ports for what a test starts: nobody else of the tests gets them, in whatever process it runs."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

#: Below those that Linux gives to whoever asks for any port, and above what is well known.
_PORTS = range(10_000, 32_000)
_LOCKS = Path(tempfile.gettempdir()) / f"booking-lab-ports-{os.getuid()}"
#: Locked for as long as this process lives.
_ours: list[TextIO] = []


def free_ports(count: int = 1, host: str = "127.0.0.1") -> int:
    """Return a port that is free, and so are those that follow it, ``count`` in all.

    Between here and their use, nobody who asks here gets them: each port has a file, and who has it
    locked has the port.
    """
    _LOCKS.mkdir(exist_ok=True)
    for first in range(_PORTS.start, _PORTS.stop, count):
        with ExitStack() as undo:
            if all(_take(port, host, undo) for port in range(first, first + count)):
                undo.pop_all()
                return first
    raise AssertionError("No port is free.")


def _take(port: int, host: str, undo: ExitStack) -> bool:
    lock = undo.enter_context((_LOCKS / str(port)).open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with socket.socket() as probe:
            probe.bind((host, port))
    except OSError:
        return False
    _ours.append(lock)
    return True
