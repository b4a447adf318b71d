"""What a process needs that books for many: a core, and a garbage collector that lets it be.

The threads of one Python process take turns. On several cores at once they gain nothing, and pass
what they share from one core's caches to the other's: on a machine with two cores, that cost about
a quarter of what one process could book. Another sixth went to the collector, which looked through
modules and classes again and again.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager


def stay_on(number: int) -> None:
    """Keep the calling thread, and those that it starts, on one core.

    Args:
        number: which of the cores that it may use, counted from 0, round and round.
    """
    if hasattr(os, "sched_setaffinity"):  # Linux alone
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def keep_what_is_here() -> None:
    """Tell the garbage collector that what is here by now is here to stay."""
    gc.collect()
    gc.freeze()


@contextmanager
def staying_on(number: int) -> Iterator[None]:
    """Do so for as long as the block runs; threads that it has started stay where they are."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    stay_on(number)
    try:
        yield
    finally:
        if before is not None:
            os.sched_setaffinity(0, before)
