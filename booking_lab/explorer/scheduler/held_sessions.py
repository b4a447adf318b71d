"""Stops the server processes of sessions that wait for a lock, so that they go on in turn.

When a row's lock is free, PostgreSQL wakes its waiters one after the other, and all of them try to
lock the row's new version. On a busy machine, a later waiter is often faster than an earlier one,
and a schedule would not repeat itself. So the scheduler stops all waiters before a move that could
wake them, and lets one after the other go on, in the order in which they began to wait.

A session that waits for a lock holds no lock of the server's memory, so nothing else waits for it.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")


def can_be_held(process_id: int, database: str) -> bool:
    """Whether a session's server process runs here, and may be stopped.

    A server on another machine, in a container, or behind a pooler tells a number that means
    nothing here, or means another process.

    Args:
        process_id: the id that the server told for the session.
        database: the session's database, which the title of its process names.
    """
    try:
        title = (_PROCESSES / str(process_id) / "cmdline").read_bytes().decode(errors="replace")
        os.kill(process_id, 0)
    except (OSError, ValueError):
        return False
    return title.startswith("postgres: ") and f" {database} [local] " in f"{title} "


def hold(process_id: int) -> None:
    """Stop a session's server process."""
    os.kill(process_id, signal.SIGSTOP)


def let_go(process_id: int) -> None:
    """Let a session's server process go on; if it has ended meanwhile, do nothing."""
    with suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGCONT)
