"""Measures the cost of tracing: bookings without it, with 1 % of them traced, and with all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from booking_lab.bench.booking import prepare_strategy
from booking_lab.bench.load import run_load
from booking_lab.bench.targets import UNIFORM, prepare
from booking_lab.config import Settings
from booking_lab.stack import running
from booking_lab.stack.processes.process import start

#: The share of traced bookings, by its name in the table.
SAMPLES = {"off": None, "1 %": 0.01, "all": 1.0}
STRATEGY = "atomic"


def run(
    settings: Settings, clients: int, seconds: float, rounds: int, progress: Callable[[str], None]
) -> Mapping[str, Sequence[float]]:
    """Return the bookings per second for each share, one figure for each round.

    All three labs run at the same time, and one of them is busy. The collector discards all traces,
    because the cost of storing them is not a cost of the lab.
    """
    rates: dict[str, list[float]] = {name: [] for name in SAMPLES}
    with ExitStack() as labs:
        collector = labs.enter_context(_collector())
        urls = {}
        for name, share in SAMPLES.items():
            progress(f"traced, {name}: starting a lab")
            traced = replace(settings, otlp_endpoint="")
            if share is not None:
                traced = replace(settings, otlp_endpoint=collector, trace_sample=share)
            lab = labs.enter_context(running(settings=traced, durable=True, workers=2))
            prepare(lab.database_url)
            urls[name] = lab.url
        for number in range(1, rounds + 1):
            for name, url in urls.items():
                progress(f"traced, {name}, round {number} of {rounds}")
                prepare_strategy(url, STRATEGY, UNIFORM)
                rates[name].append(run_load(url, UNIFORM, clients, seconds).per_second)
    return rates


@contextmanager
def _collector() -> Iterator[str]:
    """Run a collector in a process of its own for the block; yield its address."""
    program = Path(__file__).with_name("collector.py")
    process = start([sys.executable, program], output=subprocess.PIPE)
    try:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
