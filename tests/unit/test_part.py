"""A part of the lab that dies is started again, and waits longer each time that it dies at once."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from booking_lab.stack.processes import managed_process
from booking_lab.stack.processes.managed_process import ManagedProcess


@pytest.fixture
def mortal() -> ManagedProcess:
    """A part that ends as soon as it is started."""
    return ManagedProcess(
        "mortal", lambda: subprocess.Popen(["true"]), signal.SIGTERM, stop_seconds=1
    )


def died(mortal: ManagedProcess) -> float:
    """Start it and let it end; return the seconds until it is to be started again."""
    mortal.launch()
    _, status = os.waitpid(mortal.pid, 0)
    return mortal.record_end(status)


def test_the_pauses_grow_up_to_a_bound(mortal: ManagedProcess) -> None:
    pauses = [died(mortal) for _ in range(12)]
    grown = [min(0.1 * 2**number, managed_process._LONGEST_PAUSE) for number in range(12)]
    assert pauses == pytest.approx(grown)
    assert pauses[-1] == managed_process._LONGEST_PAUSE
    assert mortal.restarts == 12


def test_who_was_well_for_a_while_begins_anew(
    mortal: ManagedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        died(mortal)
    monkeypatch.setattr(managed_process, "_HEALTHY_SECONDS", -1.0)
    assert died(mortal) == pytest.approx(0.1)
