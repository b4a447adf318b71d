"""Processes that explore side by side; each has a database of its own, and dies with its parent."""

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

#: Redis has so many databases that each process can have one, beside that of the first place.
MOST_JOBS = 15


def default_jobs() -> int:
    """Return how many processes keep all cores busy: each waits for PostgreSQL half of its time."""
    cores = len(os.sched_getaffinity(0))
    return min(cores + (cores + 1) // 2, MOST_JOBS)


@dataclass(frozen=True)
class WorkerContext:
    """What a process of the crew has to work with."""

    servers: ExplorationServers
    registry: Registry
    workloads: Workloads


@contextmanager
def worker_pool(
    servers: ExplorationServers, many: int, settings: Settings
) -> Iterator[ProcessPoolExecutor]:
    """Run so many processes for the block; what they are given to do finds its ``worker_context``.

    Args:
        servers: the servers, of which each process gets a part.
        many: how many processes.
        settings: whose folders of plug-ins count.
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
    """Return what this process works with."""
    return _context


def _initialise(
    parent: int,
    all_servers: multiprocessing.Queue[ExplorationServers],
    strategies: tuple[str, ...],
    workloads: tuple[str, ...],
) -> None:
    global _context  # a pool's initializer has no other way to hand something on
    die_with_parent(parent, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    logging.disable(logging.CRITICAL)  # locks that expire are what is being tried here
    # The servers are the parent's own: should one be silent for ever, the parent is ended.
    set_wait_callback(None)
    registry = Registry([SHIPPED, *strategies], shelf=True)
    _context = WorkerContext(all_servers.get(), registry, Workloads(workloads))
