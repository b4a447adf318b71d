"""The bookings under way in this process."""

from __future__ import annotations

import threading


class Entry:
    """A booking under way for as long as the block runs.

    Attributes:
        epoch: the epoch that it runs in; none: not known yet.
    """

    __slots__ = ("_under_way", "epoch")

    def __init__(self, under_way: UnderWay) -> None:
        self.epoch: int | None = None
        self._under_way = under_way

    def __enter__(self) -> Entry:
        self._under_way.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._under_way.discard(self)


class UnderWay:
    """The bookings under way in this process, by the epoch that they run in.

    A booking enters before it reads the selection: until it has, it counts as older than any.
    """

    def __init__(self) -> None:
        self._entries: set[Entry] = set()
        self._lock = threading.Lock()

    def entered(self) -> Entry:
        """Count one booking for as long as the block runs; set ``epoch`` on it once known."""
        return Entry(self)

    def add(self, entry: Entry) -> None:
        """Count ``entry``."""
        with self._lock:
            self._entries.add(entry)

    def discard(self, entry: Entry) -> None:
        """Count ``entry`` no more."""
        with self._lock:
            self._entries.discard(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def older_than(self, epoch: int) -> set[Entry]:
        """The bookings that run in an epoch before ``epoch``, or don't know yet."""
        with self._lock:
            return {e for e in self._entries if e.epoch is None or e.epoch < epoch}
