"""CPU time and memory of a lab's processes, by what they are."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from booking_lab.stack import RunningLab

#: What a process is, by how its name begins; all others are Python.
_BY_NAME = {"postgres": "PostgreSQL", "valkey": "Valkey"}
PARTS = ("workers", "PostgreSQL", "Valkey")


def spent(lab: RunningLab) -> Mapping[str, float]:
    """Return the seconds of CPU time that the lab's processes have taken so far, by part.

    What a process took that has ended since is not in it: they live as long as the lab, but for
    some of PostgreSQL's, such as those of autovacuum.
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
    """Return the resident memory of a typical worker of the lab's first instance."""
    import psutil

    [master] = [psutil.Process(pid) for name, pid in lab.pids.items() if name == "service-1"]
    resident: list[int] = [worker.memory_info().rss for worker in master.children()]
    return median(resident) / 2**20
