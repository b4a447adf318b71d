"""The memory of a worker, before and after many bookings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from booking_lab.bench import cpu
from booking_lab.bench.booking import prepare_strategy
from booking_lab.bench.context import CLIENTS, WORKERS
from booking_lab.bench.load import run_load
from booking_lab.bench.targets import COUNTER
from booking_lab.stack import RunningLab

#: The number of bookings of each worker before its memory is measured again.
MANY_BOOKINGS = 100_000


@dataclass(frozen=True)
class WorkerMemory:
    """The resident memory of a typical worker.

    Attributes:
        megabytes: before the first booking and after the last.
        bookings: the number of bookings in between, of all workers together.
    """

    megabytes: tuple[float, float]
    bookings: int


def run(lab: RunningLab, progress: Callable[[str], None]) -> WorkerMemory:
    """Measure the memory, let clients book, and measure it again."""
    prepare_strategy(lab.url, "atomic", COUNTER)
    before, sent = cpu.worker_megabytes(lab), 0
    while sent < MANY_BOOKINGS * WORKERS:
        progress(f"memory: {sent:,} bookings of {MANY_BOOKINGS * WORKERS:,}")
        sent += run_load(lab.url, COUNTER, CLIENTS, 10).requests
    return WorkerMemory((before, cpu.worker_megabytes(lab)), sent)
