"""What a process needs that books for many: a core, and a garbage collector that lets it be.

The threads of one Python process take turns. On several cores at once they gain nothing, and pass
what they share from one core's caches to the other's: on a machine with two cores, that cost about
a quarter of what one process could book. Another sixth went to the collector, which looked through
modules and classes again and again, and through bookings that only waited for the ledger.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

#: Objects more than before, then runs of the younger collection, before the collector looks.
#: Python's own 700 come together every few milliseconds.
COLLECT_AFTER = (50_000, 20, 100)


def pin_to_core(number: int) -> None:
    """Keep the calling thread, and those that it starts, on one core.

    Args:
        number: which of the cores that it may use, counted from 0, round and round.
    """
    if hasattr(os, "sched_setaffinity"):  # Linux alone
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def tune_garbage_collector() -> None:
    """Tell the garbage collector that what is here by now stays, and to look seldom for the rest.

    Nearly all that a booking leaves is freed without the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@contextmanager
def pinned_to_core(number: int) -> Iterator[None]:
    """Do so for as long as the block runs; threads that it has started stay where they are."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    pin_to_core(number)
    try:
        yield
    finally:
        if before is not None:
            os.sched_setaffinity(0, before)
