"""What is done to a lab's parts while customers book."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from booking_lab.conformance.waiting import eventually
from booking_lab.db.connector import Connector
from booking_lab.errors import DatabaseUnavailable
from booking_lab.stack import RunningLab
from tests.faults.frozen import frozen


@dataclass(frozen=True)
class Strike:
    """One fault.

    Attributes:
        name: what it is.
        strike: does it, and returns when it is over.
        holds: seconds for which it keeps a part of the service itself from answering.
    """

    name: str
    strike: Callable[[RunningLab], None]
    holds: float = 0.0


def all_strikes(freeze: float, disk: Path | None) -> Sequence[Strike]:
    """Return the faults.

    Args:
        freeze: seconds for which servers are frozen.
        disk: a small disk that the data is on; none: disks don't get full.
    """

    def freezing(process: Callable[[RunningLab], int]) -> Callable[[RunningLab], None]:
        def strike(lab: RunningLab) -> None:
            with frozen(process(lab)):
                time.sleep(freeze)

        return strike

    def freezing_one(process: Callable[[RunningLab], int]) -> Callable[[RunningLab], None]:
        def strike(lab: RunningLab) -> None:
            with _stopped(process(lab)):
                time.sleep(freeze)

        return strike

    found = [
        Strike("SIGKILL of a worker", lambda lab: os.kill(_worker(lab), signal.SIGKILL)),
        Strike("SIGKILL of gunicorn's master", lambda lab: _kill(lab, "service-1")),
        Strike("SIGKILL of PostgreSQL", lambda lab: _kill(lab, "postgresql")),
        Strike("SIGKILL of a session's process", _crash),
        Strike("SIGKILL of Valkey", lambda lab: _kill(lab, "valkey")),
        Strike("all sessions terminated", _terminate),
        Strike("FLUSHALL", _flush),
        Strike("SIGSTOP of PostgreSQL", freezing(lambda lab: lab.pids["postgresql"])),
        Strike("SIGSTOP of the postmaster", freezing_one(lambda lab: lab.pids["postgresql"])),
        Strike("SIGSTOP of a session's process", freezing_one(_session)),
        Strike("SIGSTOP of Valkey", freezing(lambda lab: lab.pids["valkey"])),
        Strike("SIGSTOP of a worker", freezing_one(_worker), holds=freeze),
        Strike("SIGSTOP of the master", freezing_one(lambda lab: lab.pids["service-1"]), freeze),
    ]
    if disk:
        found.append(Strike("a full disk", lambda _: _fill(disk, freeze)))
    return found


@contextmanager
def _stopped(pid: int) -> Iterator[None]:
    with suppress(psutil.NoSuchProcess), ExitStack() as after:
        process = psutil.Process(pid)
        process.suspend()
        after.callback(process.resume)
        yield


def _worker(lab: RunningLab) -> int:
    return psutil.Process(lab.pids["service-1"]).children()[0].pid


def _session(lab: RunningLab) -> int:
    """A session that a worker has lent out, or had a moment ago."""
    asked = (
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
        "AND pid <> pg_backend_pid() AND query NOT LIKE '%workers%' ORDER BY state_change DESC"
    )
    with Connector(lab.database_url).session() as session:
        return int(session.execute(asked)[0][0])


def _kill(lab: RunningLab, part: str) -> None:
    before = lab.pids[part]
    os.kill(before, signal.SIGKILL)
    eventually(lambda: lab.pids.get(part, before) != before, f"{part} again")


def _crash(lab: RunningLab) -> None:
    """PostgreSQL ends all sessions when one of them dies so, and starts anew."""
    os.kill(_session(lab), signal.SIGKILL)


def _terminate(lab: RunningLab) -> None:
    with suppress(DatabaseUnavailable), Connector(lab.database_url).session() as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )


def _flush(lab: RunningLab) -> None:
    with redis.Redis.from_url(lab.redis_url) as client:
        client.flushall()


def _fill(disk: Path, seconds: float) -> None:
    """Leave no room on the disk for a while."""
    filler = disk / "filler"
    try:
        end = time.monotonic() + seconds
        with filler.open("wb", buffering=0) as file:
            while time.monotonic() < end:
                try:
                    file.write(bytes(1 << 16))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    time.sleep(0.02)  # what is freed meanwhile is taken, too
    finally:
        filler.unlink(missing_ok=True)
