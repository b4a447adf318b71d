"""The files for the metrics of the workers of a machine; a scrape adds them up.

prometheus_client names its files by process ids, maps them into memory, and never deletes the files
of dead processes. Here each worker has a *slot*, which it keeps as long as it lives. The next
worker in the slot continues the files of the last one. So there are only as many files as workers
lived at the same time, and no counter goes back.

Space in a file is allocated before it is used. Without that, the first write into mapped memory on
a full disk would end the process by a signal. Values without space are kept in memory, and not
shown.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import struct
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from prometheus_client import values
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import _INITIAL_MMAP_SIZE, MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

#: An entry has a head, a padding and two numbers besides its key.
_MAX_BESIDE_KEY = 32


class _ProcessSlot:
    """The slot of this process; it is claimed as long as the process lives."""

    number = 0
    claim: socket.socket | None = None


def claim_slot(folder: Path) -> None:
    """Claim a slot for this process, and store its metrics in files below ``folder``.

    If there is no such folder or no space, its metrics are not shown.
    """
    if not folder.is_dir():
        log.error("what this worker counts is not shown: there is no folder %s", folder)
        return
    for number in count(1):
        if claim := _claim(folder, number):
            _remove_live_gauges(folder, number)
            _ProcessSlot.number, _ProcessSlot.claim = number, claim
            return


def remove_dead_gauges(folder: Path) -> None:
    """Remove the gauges of dead workers."""
    gauges = folder.glob("gauge_live*_*.db")
    for number in {int(gauge.stem.rpartition("_")[2]) for gauge in gauges}:
        if claim := _claim(folder, number):
            _remove_live_gauges(folder, number)
            claim.close()


class MetricFilesCollector(Collector):
    """The collector of the metrics of all workers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Add up all files; the file of a worker that died while it created it is left out."""
        if not self._folder.is_dir():
            _log_once(str(self._folder), "it was removed; what was counted shows after a restart")
        files = [str(file) for file in self._folder.glob("*.db") if _is_begun(file)]
        try:
            return _merged(files)
        except (OSError, ValueError, RuntimeError, struct.error):
            return _merged([file for file in files if _is_whole(file)])


class _MetricFile:
    """One file of this process; values without space are kept in memory until there is some."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._file: _PreallocatedDict | None = None
        self._kept: dict[str, tuple[float, float]] = {}

    def read_value(self, key: str) -> tuple[float, float]:
        try:
            return self._opened().read_value(key)  # type: ignore[no-untyped-call,no-any-return]
        except OSError:
            return self._kept.get(key, (0.0, 0.0))

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        try:
            self._opened().write_value(key, value, timestamp)  # type: ignore[no-untyped-call]
        except OSError as error:
            if not self._kept and _ProcessSlot.number:
                log.error("%s has no room, so metrics are not shown: %s", self._name, error)
            self._kept[key] = (value, timestamp)

    def close(self) -> None:
        if self._file:
            self._file.close()  # type: ignore[no-untyped-call]

    def _opened(self) -> _PreallocatedDict:
        if not _ProcessSlot.number:
            raise OSError("this process has no place")
        if self._file is None:
            self._file = _PreallocatedDict(self._name)
        return self._file


class _PreallocatedDict(MmapedDict):
    """The client's file, with allocated space for everything that is mapped."""

    def __init__(self, name: str) -> None:
        with open(name, "ab") as file:  # noqa: PTH123 - the client has names, and so have we
            size = max(os.fstat(file.fileno()).st_size, _INITIAL_MMAP_SIZE)
            os.posix_fallocate(file.fileno(), 0, size)
        super().__init__(name)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        capacity = self._capacity
        while self._used + len(key.encode()) + _MAX_BESIDE_KEY > capacity:
            capacity *= 2
        if capacity > self._capacity:
            os.posix_fallocate(self._f.fileno(), 0, capacity)
        super()._init_value(key)  # type: ignore[no-untyped-call]


def _merged(files: list[str]) -> Iterable[Metric]:
    return MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call,no-any-return]


def _is_whole(file: str) -> bool:
    try:
        _merged([file])
    except (OSError, ValueError, RuntimeError, struct.error) as error:
        _log_once(file, str(error))
        return False
    return True


def _log_once(what: str, why: str) -> None:
    if what not in _logged:
        _logged.add(what)
        log.error("the metrics lack %s: %s", what, why)


#: The messages that were logged; a scrape comes every few seconds.
_logged: set[str] = set()


def _is_begun(file: Path) -> bool:
    """Return whether the file has content; a worker may be creating it, or died while it did."""
    try:
        return file.stat().st_size >= _INITIAL_MMAP_SIZE
    except OSError:
        return False


def _claim(folder: Path, number: int) -> socket.socket | None:
    """Claim a slot for as long as the socket is open; none if a live process has it.

    The name of an abstract socket is in no file system, so nothing can remove it.
    """
    claim = socket.socket(socket.AF_UNIX)
    where = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
    try:
        claim.bind(f"\0booking-lab-{where}-{number}")
    except OSError:
        claim.close()
        return None
    return claim


def _remove_live_gauges(folder: Path, number: int) -> None:
    for file in folder.glob(f"gauge_live*_{number}.db"):
        file.unlink(missing_ok=True)


def _install() -> None:
    """Make the client use slots and allocated files, before the first metric is created."""
    setattr(values, "MmapedDict", _MetricFile)  # noqa: B010 - its type is not declared to be variable
    values.ValueClass = values.MultiProcessValue(lambda: _ProcessSlot.number)  # type: ignore[no-untyped-call]


# At its import, the client finds out by a variable whether it has to combine processes.
if values.ValueClass._multiprocess:
    _install()
