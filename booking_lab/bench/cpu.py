"""CPU time and memory of a lab's processes, by part of the lab."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from booking_lab.stack import RunningLab

#: The part of a process, by the beginning of its name; all others are workers.
_BY_NAME = {"postgres": "PostgreSQL", "valkey": "Valkey"}
PARTS = ("workers", "PostgreSQL", "Valkey")


def spent(lab: RunningLab) -> Mapping[str, float]:
    """Return the CPU time of the lab's processes so far in seconds, by part.

    Processes that have ended are not included. These are only a few of PostgreSQL's, such as the
    workers of autovacuum.
    """
    import psutil

    seconds = dict.fromkeys(PARTS, 0.0)
    for process in psutil.Process(lab.supervisor.pid).children(recursive=True):
        try:
            times, name = process.cpu_times(), process.name()
        except psutil.Error:  # it has ended
            continue
        part = next((what for how, what in _BY_NAME.items() if name.startswith(how)), PARTS[0])
        seconds[part] += times.user + times.system
    return seconds


def worker_megabytes(lab: RunningLab) -> float:
    """Return the median of the resident memory of the first instance's workers, in MB."""
    import psutil

    [master] = [psutil.Process(pid) for name, pid in lab.pids.items() if name == "service-1"]
    resident: list[int] = [worker.memory_info().rss for worker in master.children()]
    return median(resident) / 2**20
