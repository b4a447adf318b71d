"""Servers of an exploration's own: started for it, and gone with it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from booking_lab.config import Settings
from booking_lab.db import schema
from booking_lab.explorer.explore import Place
from booking_lab.stack import embedded


@contextmanager
def own_servers(
    settings: Settings, progress: Callable[[str], None] = lambda _line: None
) -> Iterator[Place]:
    """Run PostgreSQL and the Valkey servers for the block, with the tables of all workloads.

    Args:
        settings: whose folders of plug-ins count; the servers are embedded ones in any case.
        progress: gets a line for each step of the start.

    Raises:
        StackError: they could not be started.
    """
    own = Settings(
        strategy_folders=settings.strategy_folders, workload_folders=settings.workload_folders
    )
    with _ending_in_peace() as end, embedded(settings=own, progress=progress) as lab:
        schema.prepare(lab.database_url, own)
        try:
            yield Place(lab.database_url, lab.redis_url, lab.redlock_urls)
        finally:
            end()


@contextmanager
def _ending_in_peace() -> Iterator[Callable[[], None]]:
    """Yield what has Ctrl-C ignored for the rest of the block: one more must not cut the end."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    handler = signal.getsignal(signal.SIGINT)

    def end() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    try:
        yield end
    finally:
        signal.signal(signal.SIGINT, handler)
