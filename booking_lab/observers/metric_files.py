"""The files in which the workers of a machine count, and which a scrape adds up.

prometheus_client has them named by process ids, maps them into memory, and leaves those of the dead
for ever. Here a worker has a *place*, which it keeps as long as it lives. Who comes after it counts
on in the files that it has left. So there are as many as ever lived at the same time, and no
counter goes back.

Room in a file is reserved before it is used. Without that, the first write into memory that has no
room on a full disk ends the process by a signal. What finds no room is kept and not shown.
"""

from __future__ import annotations

import fcntl
import logging
import os
import struct
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

from prometheus_client import values
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import _INITIAL_MMAP_SIZE, MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

_LOCK = ".lock"
#: An entry has a head, a padding and two numbers besides its key.
_MOST_BESIDE_KEY = 32


class _Place:
    """Where this process counts. Its lock lasts as long as the descriptor, as the process."""

    number = 0
    descriptor = -1


def take_place(folder: Path) -> None:
    """Have this process count in files of its own below ``folder`` from now on.

    If there is no such folder or no room, what it counts is not shown.
    """
    for number in count(1):
        try:
            descriptor = _locked(folder / f"{number}{_LOCK}", create=True)
        except OSError as error:
            log.error("what this worker counts is not shown: %s", error)
            return
        if descriptor is not None:
            _remove_live_gauges(folder, str(number))
            _Place.number, _Place.descriptor = number, descriptor
            return


def forget_dead(folder: Path) -> None:
    """Take the gauges of workers that have gone off the scrape."""
    for lock in folder.glob(f"*{_LOCK}"):
        try:
            descriptor = _locked(lock, create=False)
        except OSError:
            continue
        if descriptor is not None:
            _remove_live_gauges(folder, lock.stem)
            os.close(descriptor)


class Files(Collector):
    """What all workers have counted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Add it up; a file that a worker left half made says nothing."""
        if not self._folder.is_dir():
            _say(str(self._folder), "it was removed; what was counted shows after a restart")
        files = [str(file) for file in self._folder.glob("*.db") if _is_begun(file)]
        try:
            return _merged(files)
        except (OSError, ValueError, RuntimeError, struct.error):
            return _merged([file for file in files if _is_whole(file)])


class _File:
    """One file of this process; what has no room in it is kept in memory until there is some."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._file: _Reserved | None = None
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
            if not self._kept and _Place.number:
                log.error("%s has no room, so metrics are not shown: %s", self._name, error)
            self._kept[key] = (value, timestamp)

    def close(self) -> None:
        if self._file:
            self._file.close()  # type: ignore[no-untyped-call]

    def _opened(self) -> _Reserved:
        if not _Place.number:
            raise OSError("this process has no place")
        if self._file is None:
            self._file = _Reserved(self._name)
        return self._file


class _Reserved(MmapedDict):
    """The client's file, with room reserved for all that is mapped."""

    def __init__(self, name: str) -> None:
        with open(name, "ab") as file:  # noqa: PTH123 - the client has names, and so have we
            size = max(os.fstat(file.fileno()).st_size, _INITIAL_MMAP_SIZE)
            os.posix_fallocate(file.fileno(), 0, size)
        super().__init__(name)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        capacity = self._capacity
        while self._used + len(key.encode()) + _MOST_BESIDE_KEY > capacity:
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
        _say(file, str(error))
        return False
    return True


def _say(what: str, why: str) -> None:
    if what not in _said:
        _said.add(what)
        log.error("the metrics lack %s: %s", what, why)


#: What was said already; a scrape comes every few seconds.
_said: set[str] = set()


def _is_begun(file: Path) -> bool:
    """Whether there is anything in it; a worker may have died as it made it, or make it now."""
    try:
        return file.stat().st_size >= _INITIAL_MMAP_SIZE
    except OSError:
        return False


def _locked(lock: Path, *, create: bool) -> int | None:
    """Return a descriptor that holds the lock; none if a living process has it."""
    flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
    descriptor = os.open(lock, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_live_gauges(folder: Path, place: str) -> None:
    for file in _live_gauges(folder, place):
        file.unlink(missing_ok=True)


def _live_gauges(folder: Path, place: str) -> Iterator[Path]:
    return folder.glob(f"gauge_live*_{place}.db")


def _install() -> None:
    """Have the client use places and reserved files, before the first metric is made."""
    setattr(values, "MmapedDict", _File)  # noqa: B010 - its type is not declared to be variable
    values.ValueClass = values.MultiProcessValue(lambda: _Place.number)  # type: ignore[no-untyped-call]


# The client knows from a variable, as it is imported, that other processes count as well.
if values.ValueClass._multiprocess:
    _install()
