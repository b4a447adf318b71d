"""The settings that all parts of the benchmark share, and the labs that they run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

from booking_lab.bench.counter import CORE
from booking_lab.bench.targets import prepare
from booking_lab.config import Settings
from booking_lab.runtime.lab import Lab
from booking_lab.stack import RunningLab, running
from booking_lab.stack.service import cpu_and_gc

CLIENTS = 32
WORKERS = 2


@dataclass(frozen=True)
class BenchContext:
    """The options of one run of the benchmark.

    Attributes:
        settings: the settings of the labs.
        seconds: the length of each measurement.
        rounds: the number of rounds.
        asked: the names of the strategies to measure; empty: all.
        console: the console that tables are printed on.
    """

    settings: Settings
    seconds: float
    rounds: int
    asked: Sequence[str]
    console: Console

    @contextmanager
    def lab(self) -> Iterator[tuple[RunningLab, Lab, Callable[[str], None]]]:
        """Run a lab for the block.

        Yields:
            The lab, one more worker of it in this process, and a function that shows progress.
        """
        with (
            self.console.status("starting the lab") as status,
            running(settings=self.settings, durable=True, workers=WORKERS) as stack,
            _worker_in_this_process(self.settings, stack) as lab,
        ):
            prepare(stack.database_url)
            yield stack, lab, status.update

    def strategies(self, lab: Lab) -> Sequence[str]:
        """Return the names of the strategies to measure."""
        return self.asked or [entry.name for entry in lab.registry.entries()]


@contextmanager
def _worker_in_this_process(settings: Settings, stack: RunningLab) -> Iterator[Lab]:
    lab = Lab(stack.worker_settings(settings, "bench"))
    with cpu_and_gc.pinned_to_core(CORE):
        lab.start()
    cpu_and_gc.tune_garbage_collector()
    try:
        yield lab
    finally:
        lab.stop()
