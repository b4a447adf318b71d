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
from booking_lab.explorer.scheduler.plan import Place
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
class Hands:
    """What a process of the crew has to work with."""

    place: Place
    registry: Registry
    workloads: Workloads


@contextmanager
def crew(place: Place, many: int, settings: Settings) -> Iterator[ProcessPoolExecutor]:
    """Run so many processes for the block; what they are given to do finds its ``hands``.

    Args:
        place: the servers, of which each process gets a part.
        many: how many processes.
        settings: whose folders of plug-ins count.
    """
    assert place.part
    context = multiprocessing.get_context("spawn")
    places = context.Queue()
    for _ in range(many):
        places.put(place.part())
    begin = (os.getpid(), places, settings.strategy_folders, settings.workload_folders)
    with ProcessPoolExecutor(many, context, _begin, begin) as processes:
        try:
            yield processes
        except BaseException:
            processes.shutdown(cancel_futures=True)
            raise


# --- in the processes ----------------------------------------------------------------------------

_ours: Hands


def hands() -> Hands:
    """Return what this process works with."""
    return _ours


def _begin(
    parent: int,
    places: multiprocessing.Queue[Place],
    strategies: tuple[str, ...],
    workloads: tuple[str, ...],
) -> None:
    global _ours  # a pool's initializer has no other way to hand something on
    die_with_parent(parent, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    logging.disable(logging.CRITICAL)  # locks that expire are what is being tried here
    # The servers are the parent's own: should one be silent for ever, the parent is ended.
    set_wait_callback(None)
    registry = Registry([SHIPPED, *strategies], shelf=True)
    _ours = Hands(places.get(), registry, Workloads(workloads))
