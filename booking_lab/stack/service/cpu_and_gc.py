"""CPU affinity and garbage-collector settings of a worker process.

The threads of one Python process take turns. On several cores they are not faster, and move their
shared data between the caches: on a machine with two cores, that cost about a quarter of the
bookings. The garbage collector cost another sixth: it scanned modules and classes again and again,
and bookings that only waited for the ledger.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

#: The thresholds of the three generations, see ``gc.set_threshold``. Python's own 700 objects are
#: reached every few milliseconds.
COLLECT_AFTER = (50_000, 20, 100)


def pin_to_core(number: int) -> None:
    """Pin the calling thread, and the threads that it starts, to one core.

    Args:
        number: the number of the core among those that the thread may use, modulo their number.
    """
    if hasattr(os, "sched_setaffinity"):  # Linux alone
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def tune_garbage_collector() -> None:
    """Exclude all present objects from garbage collection, and collect the others less often.

    Nearly all objects of a booking are freed without the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@contextmanager
def pinned_to_core(number: int) -> Iterator[None]:
    """Pin the thread for the block; threads that start in the block stay pinned."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    pin_to_core(number)
    try:
        yield
    finally:
        if before is not None:
            os.sched_setaffinity(0, before)
