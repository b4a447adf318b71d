"""What is left, and what comes back, after `kill -9`. The tests share one data folder."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from booking_lab.conformance.waiting import eventually
from booking_lab.stack.launch_spec import REDLOCK
from booking_lab.stack.servers import valkey
from tests.stack.conftest import CommandLine, gone, own_lab

_PARTS = ("valkey", "redlock-2", "postgresql", "service-1")


@pytest.fixture(scope="module")
def shared() -> Iterator[CommandLine]:
    with own_lab() as line:
        yield line


@pytest.fixture
def up(shared: CommandLine) -> CommandLine:
    if not shared.ready():
        result = shared.up()
        assert result.returncode == 0, result.stderr
    return shared


def test_each_killed_part_comes_back_at_the_same_address(up: CommandLine) -> None:
    before = up.parts()
    workers = psutil.Process(before["service-1"].process.pid).children()
    for name in _PARTS:
        os.kill(before[name].process.pid, signal.SIGKILL)

    eventually(lambda: all(up.parts()[n].restarts and up.parts()[n].alive for n in _PARTS))
    eventually(up.ready)
    assert requests.get(f"{up.url}/ready", timeout=5).json()["redis"] is True
    assert requests.get(f"{up.url}/events", timeout=5).status_code == 200
    assert [valkey.is_ready(up.parts()[name].url) for name in REDLOCK] == [True] * 3
    assert [up.parts()[name].restarts for name in REDLOCK] == [0, 1, 0]
    # The killed master's workers must not go on serving beside the new ones.
    eventually(lambda: gone(workers), within=5)
    after = up.parts()
    assert {n: part.url for n, part in after.items()} == {n: p.url for n, p in before.items()}
    assert after["supervisor"] == before["supervisor"]
    # Nor are they counted any more.
    eventually(lambda: "booking_workers 2.0" in requests.get(f"{up.url}/metrics", timeout=5).text)


def test_nothing_outlives_a_killed_supervisor_and_up_clears_up(up: CommandLine) -> None:
    everyone = up.processes()
    run_folder = up.state.run_folder
    os.kill(up.pid("supervisor"), signal.SIGKILL)
    status = up("status")
    assert status.returncode == 3
    assert "killed" in status.stdout

    again = up.up()
    assert again.returncode == 0, again.stderr
    assert gone(everyone)
    assert not Path(run_folder).exists()
    assert requests.get(f"{up.url}/events", timeout=5).status_code == 200


def test_down_clears_up_after_supervisor_master_and_postmaster_were_killed(
    up: CommandLine,
) -> None:
    everyone = up.processes()
    pids = [up.pid(part) for part in ("supervisor", "service-1", "postgresql")]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert up("down").returncode == 0
    eventually(lambda: gone(everyone), within=5)
    assert up("status").returncode == 3
