"""The command on servers of its own, and what is left of them."""

import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil
import pytest

from tests.uncounted import uncounted

BOOKING_LAB = Path(sys.executable).with_name("booking-lab")
#: Takes minutes.
LONG = ("--strategy", "optimistic", "--workload", "seats", "--bookers", "3")


@pytest.fixture
def folder():
    """Where the servers' data goes; PostgreSQL's user has to pass through."""
    with tempfile.TemporaryDirectory(prefix="booking-lab-test-") as folder:
        Path(folder).chmod(0o711)
        yield folder


def environment(folder, **more):
    return {**os.environ, "TMPDIR": folder, **more}


def test_it_takes_servers_of_its_own_and_leaves_nothing(folder, tmp_path):
    page = tmp_path / "page.html"
    nowhere = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/",
        "REDIS_URL": "redis://127.0.0.1:1",
    }

    done = subprocess.run(
        [BOOKING_LAB, "explore", "--strategy", "none", "--workload", "seats", "--html", page],
        env=environment(folder, **nowhere), capture_output=True, text=True, timeout=110,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 schedules in all, standing for 14" in done.stdout
    assert done.stdout.endswith(f"A page to step through: {page}\n")
    assert done.stderr == ""  # no terminal, no progress
    assert page.read_text().startswith("<!doctype html>")
    assert not any(Path(folder).iterdir())


def test_a_broken_strategy_logs_nothing_over_the_result(folder):
    done = subprocess.run(
        [BOOKING_LAB, "explore", "--strategy", "distributed", "--workload", "seats",
         "--schedule", "A:acquire A:read expiry:A"],
        env=environment(folder), capture_output=True, text=True, timeout=110,
    )  # fmt: skip

    assert done.returncode == 0
    assert "no longer its lock" in done.stdout  # about which the lab would log a warning
    assert done.stderr == ""


class Terminal:
    """What a command shows on a terminal, as far as it has come."""

    def __init__(self):
        self.shown = ""
        self._ours, self.theirs = pty.openpty()
        self._more = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                some = os.read(self._ours, 4096).decode(errors="replace")
            except OSError:  # the other side is closed
                return
            with self._more:
                self.shown += some
                self._more.notify_all()

    def wait_for(self, pattern, seconds=90):
        with self._more:
            assert self._more.wait_for(lambda: re.search(pattern, self.shown), seconds), self.shown


@pytest.mark.parametrize("impatient", [False, True])
def test_ctrl_c_gives_what_was_found_so_far_and_leaves_nothing(folder, impatient):
    terminal = Terminal()
    with subprocess.Popen(
        [BOOKING_LAB, "explore", *LONG], stdout=subprocess.PIPE, stderr=terminal.theirs, text=True,
        env={**uncounted(), "TMPDIR": folder, "TERM": "xterm", "COLUMNS": "120"},
        start_new_session=True,
    ) as running:  # fmt: skip
        os.close(terminal.theirs)
        terminal.wait_for(r"[1-9]\d* schedules, 0 bad, \d+/s .* of about [\d,]+, [\d:]+ left")
        everybody = psutil.Process(running.pid).children(recursive=True)
        assert {"postgres", "valkey-server"} <= {one.name() for one in everybody}
        os.killpg(running.pid, signal.SIGINT)  # to all in the terminal, as the key does
        while impatient and running.poll() is None and any(Path(folder).iterdir()):
            os.killpg(running.pid, signal.SIGINT)
        printed, _ = running.communicate(timeout=60)

    assert running.returncode == 3
    assert "Verdict: unknown\n" in printed
    assert re.search(r"^[\d,]+ schedules, then interrupted, standing for [\d,]+ \(", printed, re.M)
    assert "Bad: none.\n" in printed
    assert "For fewer schedules, use --preemptions 2, or --random 1000.\n" in printed
    assert "Traceback" not in terminal.shown
    assert psutil.wait_procs(everybody, timeout=10)[1] == []
    assert not any(Path(folder).iterdir())
