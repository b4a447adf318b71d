"""A pool of processes that explore in parallel, each with a database of its own."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg2.extensions import set_wait_callback

from booking_lab.config import Settings
from booking_lab.explorer.scheduler.plan import ExplorationServers
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.stack.processes.die_with_parent import die_with_parent
from booking_lab.workloads import Workloads

#: Redis has 16 databases: one for each process, and one for the parent.
MOST_JOBS = 15


def default_jobs() -> int:
    """Return the number of processes that keep all cores busy.

    Each of them waits for PostgreSQL half of its time.
    """
    cores = len(os.sched_getaffinity(0))
    return min(cores + (cores + 1) // 2, MOST_JOBS)


@dataclass(frozen=True)
class WorkerContext:
    """The servers and the plug-ins of one process of the pool."""

    servers: ExplorationServers
    registry: Registry
    workloads: Workloads


@contextmanager
def worker_pool(
    servers: ExplorationServers, many: int, settings: Settings
) -> Iterator[ProcessPoolExecutor]:
    """Run a pool of processes for the block. Their tasks use ``worker_context()``.

    Args:
        servers: the servers; each process gets a database of its own on them.
        many: the number of processes.
        settings: the settings with the folders of plug-ins.
    """
    assert servers.copy_for_worker
    context = multiprocessing.get_context("spawn")
    all_servers = context.Queue()
    for _ in range(many):
        all_servers.put(servers.copy_for_worker())
    begin = (os.getpid(), all_servers, settings.strategy_folders, settings.workload_folders)
    with ProcessPoolExecutor(many, context, _initialise, begin) as processes:
        try:
            yield processes
        except BaseException:
            processes.shutdown(cancel_futures=True)
            raise


# --- in the processes ----------------------------------------------------------------------------

_context: WorkerContext


def worker_context() -> WorkerContext:
    """Return the servers and the plug-ins of this process."""
    return _context


def _initialise(
    parent: int,
    all_servers: multiprocessing.Queue[ExplorationServers],
    strategies: tuple[str, ...],
    workloads: tuple[str, ...],
) -> None:
    global _context  # an initializer of a pool can pass something on in no other way
    die_with_parent(parent, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    logging.disable(logging.CRITICAL)  # expired locks are expected here
    # No time limits: the parent started the servers, and the user can interrupt the parent.
    set_wait_callback(None)
    registry = Registry([SHIPPED, *strategies], shelf=True)
    _context = WorkerContext(all_servers.get(), registry, Workloads(workloads))
