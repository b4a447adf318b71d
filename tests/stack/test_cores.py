"""Each worker has a core, as far as there are enough."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from booking_lab.conformance.waiting import eventually
from tests.stack.conftest import CommandLine
from tests.uncounted import starting_uncounted

if not hasattr(os, "sched_getaffinity"):
    pytest.skip("this system keeps no process on a core", allow_module_level=True)

ALL = sorted(os.sched_getaffinity(0))


@pytest.fixture(autouse=True)
def _uncounted() -> Iterator[None]:
    """Labs like these are counted elsewhere."""
    with starting_uncounted():
        yield


def _cores(lab: CommandLine) -> dict[int, list[int]]:
    """The cores of each worker, by its process id."""
    masters = [part for name, part in lab.parts().items() if name.startswith("service")]
    workers = [one for part in masters for one in psutil.Process(part.process.pid).children()]
    cores = {}
    for worker in workers:
        with suppress(psutil.NoSuchProcess):  # it has ended between the two questions
            cores[worker.pid] = worker.cpu_affinity()
    return cores


def _dealt_out(workers: int) -> list[list[int]]:
    return sorted([ALL[number % len(ALL)]] for number in range(workers))


def test_workers_are_dealt_out_and_a_new_one_takes_the_core_of_the_old(lab: CommandLine) -> None:
    started = lab.up("--workers", "3")
    assert started.returncode == 0, started.stderr
    before = _cores(lab)
    assert sorted(before.values()) == _dealt_out(3)

    for pid in list(before)[:2]:
        os.kill(pid, signal.SIGKILL)

    eventually(lambda: len(_cores(lab)) == 3 and len(_cores(lab).keys() & before.keys()) == 1)
    eventually(lambda: sorted(_cores(lab).values()) == _dealt_out(3))


def test_the_next_instance_goes_on_where_the_first_ends(lab: CommandLine) -> None:
    started = lab.up("--workers", "1", "--instances", "2")
    assert started.returncode == 0, started.stderr
    assert sorted(_cores(lab).values()) == _dealt_out(2)


def test_who_wants_it_has_them_run_wherever_there_is_room(lab: CommandLine) -> None:
    started = lab.up(BOOKING_LAB_PIN="0")
    assert started.returncode == 0, started.stderr
    assert list(_cores(lab).values()) == [ALL, ALL]
