"""Waiters for a lock go on in the order in which they began to wait, also on a busy machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from booking_lab.db.connector import Connector
from booking_lab.explorer.scheduler.held_sessions import can_be_held
from booking_lab.explorer.scheduler.scheduler import Scheduler
from booking_lab.explorer.search.sampling import RandomSearch


@pytest.fixture
def busy() -> Iterator[None]:
    """More programs that never rest than there are cores."""
    with ExitStack() as running:
        for _ in range(2 * (os.cpu_count() or 1)):
            hog = running.enter_context(subprocess.Popen([sys.executable, "-c", "while True: 1"]))
            running.callback(hog.kill)
        yield


def test_on_a_busy_machine_no_run_has_to_be_repeated(run, busy, monkeypatch):
    runs = []
    once = Scheduler._run_once

    def counted(self, begin, choose):
        runs.append(self)
        return once(self, begin, choose)

    monkeypatch.setattr(Scheduler, "_run_once", counted)
    found = run("none", bookers=5, search=RandomSearch(8, 1))
    assert found.schedules == 8
    # One more, since the first is run twice.
    assert len(runs) == found.schedules + 1


def test_only_a_session_of_this_machine_s_server_is_stopped(database_url):
    with Connector(database_url).session() as session:
        [(pid, database)] = session.execute("SELECT pg_backend_pid(), current_database()")
        assert can_be_held(pid, database)
        assert not can_be_held(pid, "another")
    assert not can_be_held(os.getpid(), database)
    assert not can_be_held(2**22 + 1, database)
