"""Several processes explore what one would, and count the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from booking_lab.config import Settings
from booking_lab.conformance.waiting import eventually
from booking_lab.explorer import parallel, planning
from booking_lab.explorer.parallel import Job, explore_in_parallel
from booking_lab.explorer.planning import PlanRequest
from booking_lab.explorer.search.options import SearchOptions
from booking_lab.explorer.servers import own_servers
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads
from tests.uncounted import starting_uncounted


@pytest.fixture(scope="module")
def exploration_servers():
    with starting_uncounted(), own_servers(Settings()) as exploration_servers:
        yield exploration_servers


EXPLORATIONS = {
    "all": (PlanRequest("optimistic", "seats", {}), SearchOptions()),
    "three, and a nemesis": (
        PlanRequest("distributed", "seats", {}, bookers=3, nemeses=["expiry"]),
        SearchOptions(preemptions=0, full=True),
    ),
    "moves": (PlanRequest("none", "seats", {}, scenario="two moves"), SearchOptions(full=True)),
    "at random": (PlanRequest("none", "seats", {}, bookers=3), SearchOptions(random=45, seed=3)),
}


@pytest.mark.parametrize("which", EXPLORATIONS)
@pytest.mark.timeout(180)
def test_the_counts_are_those_of_one_process(exploration_servers, monkeypatch, which):
    plan_request, search_options = EXPLORATIONS[which]
    registry = Registry([SHIPPED])
    plan = planning.make_plan(plan_request, registry, Workloads())
    told = []

    def run():
        job = Job(plan_request, search_options)
        return explore_in_parallel(
            exploration_servers,
            registry,
            plan,
            job,
            2,
            Settings(),
            lambda _, share: told.append(share),
        )

    monkeypatch.setattr(parallel, "_SINGLE_PROCESS_SECONDS", 1000.0)
    alone = run()
    # Nobody does anything alone, and what is left is shared out all the time.
    monkeypatch.setattr(parallel, "_SINGLE_PROCESS_SECONDS", 0.0)
    monkeypatch.setattr(parallel, "_NO_POOL_UNDER", 0.0)
    shared = run()

    assert counts(shared) == counts(alone)
    assert alone.schedules > 15
    assert told[-1] == pytest.approx(1)


def counts(found):
    worst = found.worst and found.worst.schedule
    return (
        *(found.schedules, found.stands_for, found.bad, found.bad_stand_for, found.faults),
        *(found.anomalies, found.outcomes, found.deadlocks, found.complete, worst),
    )


def children(pid):
    """The processes that this one has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in found]


@pytest.mark.skipif(
    not Path("/proc/self/task").exists() or sys.platform != "linux", reason="reads /proc"
)
def test_all_of_them_die_with_the_one_that_was_started():
    command = ["--strategy", "mutex", "--workload", "seats", "--bookers", "3", "--jobs", "2"]
    running = subprocess.Popen(
        [Path(sys.executable).with_name("booking-lab"), "explore", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def crew():
        return [pid for pid in children(running.pid) if b"spawn_main" in cmdline(pid)]

    try:
        eventually(lambda: len(crew()) == 2, "both processes", within=60)
        started = children(running.pid)
    finally:
        running.kill()
        running.wait()
    eventually(lambda: not any(map(is_there, started)), "their end", within=30)


def cmdline(pid):
    file = Path(f"/proc/{pid}/cmdline")
    return file.read_bytes() if file.exists() else b""


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
