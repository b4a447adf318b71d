"""What workers count, and where: over their deaths, and where there is no room."""

import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import requests

from booking_lab.conformance.waiting import eventually
from booking_lab.observers import metric_files
from tests.stack.conftest import CommandLine


def scrape(lab: CommandLine) -> str:
    answer = requests.get(f"{lab.url}/metrics", timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.text


def refused(lab: CommandLine) -> float:
    """How often somebody was told that there is no such seat."""
    series = re.findall(r'^bookings_total\{status="refused",.*\} (\S+)$', scrape(lab), re.M)
    return sum(map(float, series))


def book(lab: CommandLine, times: int = 6) -> None:
    for _ in range(times):
        body = {"event_id": 1, "seat_number": "A1", "customer_id": "c", "strategy": "pessimistic"}
        assert requests.post(f"{lab.url}/book", json=body, timeout=10).status_code in {201, 409}


def workers(lab: CommandLine) -> list[psutil.Process]:
    return psutil.Process(lab.pid("service-1")).children()


def all_are_there(lab: CommandLine) -> bool:
    return "booking_workers 2.0" in scrape(lab)


def test_workers_that_die_leave_no_files_and_what_they_counted_stays(lab: CommandLine) -> None:
    assert lab.up().returncode == 0
    folder = Path(lab.state.run_folder) / "metrics"
    eventually(lambda: all_are_there(lab))
    book(lab)
    eventually(lambda: refused(lab) == 5.0)
    files = {file.name for file in folder.iterdir()}
    for _ in range(4):
        for worker in workers(lab):
            before = {one.pid for one in workers(lab)}
            os.kill(worker.pid, signal.SIGKILL)
            eventually(lambda before=before: len({w.pid for w in workers(lab)} - before) == 1)
        eventually(lab.ready)
    eventually(lambda: all_are_there(lab))
    assert refused(lab) == 5.0
    assert {file.name for file in folder.iterdir()} == files
    book(lab, 1)
    eventually(lambda: refused(lab) == 6.0)

    # Left by a worker that died as it made them; and by nobody that one would know.
    (folder / "counter_77.db").touch()
    (folder / "histogram_77.db").write_bytes(struct.pack("i", 5000) + bytes(100_000))
    assert refused(lab) == 6.0
    assert "histogram_77.db" in (lab.data / "booking-lab.log").read_text()


@pytest.fixture
def small(lab: CommandLine) -> Iterator[Path]:
    """A place for the run folder with hardly any room."""
    folder = Path(tempfile.mkdtemp(prefix="bl-"))
    options = "size=160k,nr_inodes=200,mode=1777"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=False)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("only root can make a disk that is small")
    yield folder
    lab("down")
    subprocess.run(["umount", "--lazy", folder], check=True)
    shutil.rmtree(folder)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as junk, suppress(OSError):
        while junk.write(b"x" * 4096):
            pass


def test_a_full_place_for_temporary_files_ends_no_worker(lab: CommandLine, small: Path) -> None:
    assert lab.up(TMPDIR=str(small)).returncode == 0
    before = {one.pid for one in workers(lab)}
    assert Path(lab.state.run_folder).parent == small
    fill(small / "junk")
    book(lab, 40)
    scrape(lab)
    assert {one.pid for one in workers(lab)} == before
    assert lab.ready()
    assert "so metrics are not shown" in (lab.data / "booking-lab.log").read_text()
    # It also goes down in good order.
    lab("down")
    assert '"message": "lab has stopped"' in (lab.data / "booking-lab.log").read_text()


def test_what_had_no_room_is_shown_once_there_is_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metric_files._ProcessSlot, "number", 1)
    file = metric_files._MetricFile(str(tmp_path / "counter_1.db"))
    key = '["c", "c_total", {}, "Help."]'
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        assert file.read_value(key) == (0.0, 0.0)
        file.write_value(key, 3.0, 0.0)
        assert file.read_value(key) == (3.0, 0.0)
        assert list(metric_files.MetricFilesCollector(tmp_path).collect()) == []
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    file.write_value(key, 4.0, 0.0)
    [metric] = metric_files.MetricFilesCollector(tmp_path).collect()
    assert metric.samples[0].value == 4.0
    file.close()
