"""Ports for the programs that tests start: no other test gets them, in whatever process it runs."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

#: Below the range from which Linux takes ports for outgoing connections.
_PORTS = range(10_000, 32_000)
_LOCKS = Path(tempfile.gettempdir()) / f"booking-lab-ports-{os.getuid()}"
#: The locked files; kept open until the process ends.
_ours: list[TextIO] = []


def free_ports(count: int = 1, host: str = "127.0.0.1") -> int:
    """Return the first of ``count`` free ports in a row, and reserve them for this process.

    Each port has a file; the process that has locked the file has the port, until it ends. A
    program that listens on more ports than were reserved can take one of another test.
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
