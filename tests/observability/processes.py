"""Programs that a test runs: they end with the test, and with the test run if that is killed."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from booking_lab.conformance.waiting import eventually


def program(name: str, package: str) -> str:
    """The path of a program that Debian's package brings; without it the test is skipped."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is missing: apt-get install {package}")
    return path


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            yield
        finally:
            process.send_signal(stop)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(what: str, seconds: float, ask: Callable[[], object], log: Path | None = None) -> None:
    """Ask until the answer is true.

    Raises:
        AssertionError: it did not become true in time; with the end of the log, if there is one.
    """
    try:
        eventually(ask, what, within=seconds)
    except AssertionError as error:
        tail = log.read_text(errors="replace")[-2000:] if log else ""
        raise AssertionError(f"{error}\n{tail}") from None
