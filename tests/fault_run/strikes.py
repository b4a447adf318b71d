"""What is done to a lab's parts while customers book."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from booking_lab.conformance.waiting import eventually
from booking_lab.crowd.client import Customer
from booking_lab.db.connector import Connector
from booking_lab.stack import RunningLab
from tests.faults.frozen import frozen, stopped


@dataclass(frozen=True)
class Strike:
    """One fault.

    Attributes:
        name: what it is.
        strike: does it, and returns when it is over; returns what it has done, or nothing.
        holds: seconds for which it keeps a part of the service itself from answering.
        felt: whether some customers must have been told that they can't be served.
    """

    name: str
    strike: Callable[[RunningLab], str]
    holds: float = 0.0
    felt: bool = True


def all_strikes(freeze: float, disk: Path | None) -> Sequence[Strike]:
    """Return the faults.

    Args:
        freeze: seconds for which servers are frozen.
        disk: a small disk that the data is on; none: disks don't get full.
    """

    def freezing(process: Callable[[RunningLab], int]) -> Callable[[RunningLab], str]:
        return lambda lab: _freeze(process(lab), freeze)

    def freezing_one(process: Callable[[RunningLab], int]) -> Callable[[RunningLab], str]:
        return lambda lab: _freeze(process(lab), freeze, alone=True)

    def postmaster(lab: RunningLab) -> int:
        return lab.pids["postgresql"]

    def master(lab: RunningLab) -> int:
        return lab.pids["service-1"]

    found = [
        # It may have nothing under way; the run prints which worker was killed.
        Strike("SIGKILL of a worker", lambda lab: _kill(_worker(lab)), felt=False),
        Strike(
            "SIGKILL of gunicorn's master", lambda lab: _kill_part(lab, "service-1"), felt=False
        ),
        Strike("SIGKILL of PostgreSQL", lambda lab: _kill_part(lab, "postgresql")),
        # PostgreSQL ends all sessions when one of them dies so, and starts anew.
        Strike("SIGKILL of a session's process", lambda lab: _kill(_session(lab))),
        Strike("SIGKILL of Valkey", lambda lab: _kill_part(lab, "valkey")),
        Strike("all sessions terminated", _terminate, felt=False),
        Strike("FLUSHALL", _flush, felt=False),
        Strike("SIGSTOP of PostgreSQL", freezing(postmaster)),
        Strike("SIGSTOP of the postmaster", freezing_one(postmaster), felt=False),
        Strike("SIGSTOP of a session's process", freezing_one(_session), felt=False),
        Strike("SIGSTOP of Valkey", freezing(lambda lab: lab.pids["valkey"])),
        Strike("SIGSTOP of a worker", freezing_one(_worker), freeze, felt=False),
        Strike("SIGSTOP of the master", freezing_one(master), freeze, felt=False),
    ]
    if disk:
        found.append(Strike("a full disk", lambda _: _fill(disk, freeze)))
    return found


def _freeze(pid: int, seconds: float, *, alone: bool = False) -> str:
    """Freeze a process, and all below it unless it is to be ``alone``."""
    try:
        with stopped(pid) if alone else frozen(pid):
            time.sleep(seconds)
            still = psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return ""
    return f"process {pid} stood still for {seconds:g} s" if still else ""


def _worker(lab: RunningLab) -> int:
    """A worker that serves."""
    with Customer(lab.url) as customer:
        return int(customer.get("/health")["worker"].partition("/")[2])


def _session(lab: RunningLab) -> int:
    """A session that a worker has lent out, or had a moment ago."""
    asked = (
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
        "AND pid <> pg_backend_pid() AND query NOT LIKE '%workers%' "
        "ORDER BY state <> 'idle' DESC, state_change DESC"
    )
    with Connector(lab.database_url).session() as session:
        return int(session.execute(asked)[0][0])


def _kill(pid: int) -> str:
    process = psutil.Process(pid)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not process.is_running(), f"the end of process {pid}")
    return f"process {pid} has ended"


def _kill_part(lab: RunningLab, part: str) -> str:
    before = lab.pids[part]
    did = _kill(before)
    eventually(lambda: lab.pids.get(part, before) != before, f"{part} again")
    return f"{did}, and {lab.pids[part]} has begun"


def _terminate(lab: RunningLab) -> str:
    asked = (
        "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    with Connector(lab.database_url).session() as session:
        many = session.execute(asked)[0][0]
    return f"{many} sessions have ended" if many else ""


def _flush(lab: RunningLab) -> str:
    with redis.Redis.from_url(lab.redis_url) as client, client.pipeline() as at_once:
        many = at_once.dbsize().flushall().execute()[0]
    return f"{many} keys are gone" if many else ""


def _fill(disk: Path, seconds: float) -> str:
    """Leave no room on the disk for a while."""
    filler, refused = disk / "filler", 0
    try:
        end = time.monotonic() + seconds
        with filler.open("wb", buffering=0) as file:
            while time.monotonic() < end:
                try:
                    file.write(bytes(1 << 16))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    refused += 1
                    time.sleep(0.02)  # what is freed meanwhile is taken, too
    finally:
        filler.unlink(missing_ok=True)
    return f"there was no room {refused} times" if refused else ""
