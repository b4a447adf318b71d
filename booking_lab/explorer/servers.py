"""PostgreSQL and Valkey servers that are started for one exploration and removed after it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from types import FrameType

from booking_lab.config import Settings
from booking_lab.db import schema
from booking_lab.db.connector import Connector
from booking_lab.explorer.scheduler.plan import ExplorationServers
from booking_lab.stack import RunningLab, embedded
from booking_lab.stack.servers import postgres

#: Autovacuum runs at any time, and its statistics can change the plans of statements.
_NO_AUTOVACUUM = """
DO $$
DECLARE one regclass;
BEGIN
    FOR one IN SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', one);
    END LOOP;
END $$
"""


@contextmanager
def own_servers(
    settings: Settings, progress: Callable[[str], None] = lambda _line: None
) -> Iterator[ExplorationServers]:
    """Run embedded PostgreSQL and Valkey servers for the block, with the tables of all workloads.

    Args:
        settings: the settings with the folders of plug-ins; its servers are not used.
        progress: called with a line for each step of the start.

    Raises:
        StackError: the servers could not be started.
    """
    own = Settings(
        strategy_folders=settings.strategy_folders, workload_folders=settings.workload_folders
    )
    with _one_interrupt() as ignore_interrupts, embedded(settings=own, progress=progress) as lab:
        schema.migrate(lab.database_url, own)
        with Connector(lab.database_url).session() as session:
            session.execute(_NO_AUTOVACUUM)
        numbers = count()

        def copy_for_worker() -> ExplorationServers:
            return _servers(lab, next(numbers))

        try:
            yield replace(copy_for_worker(), copy_for_worker=copy_for_worker)
        finally:
            ignore_interrupts()


def _servers(lab: RunningLab, number: int) -> ExplorationServers:
    """Create a copy of the database, and return its URL with those of the Redis databases.

    Nothing else uses the original.
    """
    name = f"explore_{number}"
    with Connector(postgres.url(lab.run_folder, "postgres")).session() as session:
        session.execute(f"CREATE DATABASE {name} TEMPLATE {postgres.NAME} STRATEGY file_copy")
    redis, *redlock = [
        f"{url.partition('?')[0]}?db={number}" for url in (lab.redis_url, *lab.redlock_urls)
    ]
    return ExplorationServers(postgres.url(lab.run_folder, name), redis, redlock)


@contextmanager
def _one_interrupt() -> Iterator[Callable[[], None]]:
    """Handle only the first Ctrl-C, so that a second one can't interrupt the cleanup.

    Yields:
        A function that ignores all further ones.
    """
    before = signal.getsignal(signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or before is not signal.default_int_handler:
        yield lambda: None
        return
    interrupted = False

    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        ignore()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield ignore
    finally:
        if not interrupted:  # otherwise the process is about to end
            signal.signal(signal.SIGINT, before)
