"""The bookings under way in this process."""

from __future__ import annotations

import threading


class InFlightBooking:
    """A booking under way for as long as the block runs.

    Attributes:
        epoch: the epoch that it runs in; none: not known yet.
    """

    __slots__ = ("_in_flight", "epoch")

    def __init__(self, in_flight: InFlight) -> None:
        self.epoch: int | None = None
        self._in_flight = in_flight

    def __enter__(self) -> InFlightBooking:
        self._in_flight.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._in_flight.discard(self)


class InFlight:
    """The bookings under way in this process, by the epoch that they run in.

    A booking enters before it reads the selection: until it has, it counts as older than any.
    """

    def __init__(self) -> None:
        self._entries: set[InFlightBooking] = set()
        self._lock = threading.Lock()

    def track(self) -> InFlightBooking:
        """Count one booking for as long as the block runs; set ``epoch`` on it once known."""
        return InFlightBooking(self)

    def add(self, entry: InFlightBooking) -> None:
        """Count ``entry``."""
        with self._lock:
            self._entries.add(entry)

    def discard(self, entry: InFlightBooking) -> None:
        """Count ``entry`` no more."""
        with self._lock:
            self._entries.discard(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def older_than(self, epoch: int) -> set[InFlightBooking]:
        """The bookings that run in an epoch before ``epoch``, or don't know yet."""
        with self._lock:
            return {e for e in self._entries if e.epoch is None or e.epoch < epoch}
