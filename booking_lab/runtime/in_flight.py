"""The bookings under way in this process."""

from __future__ import annotations

import threading


class InFlightBooking:
    """A booking that is under way for as long as the block runs.

    Attributes:
        epoch: the epoch that it runs in; none while it is not known yet.
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
    """The bookings under way in this process, with the epochs that they run in.

    A booking is added before it reads the selection. Until it has read it, it counts as older than
    any epoch.
    """

    def __init__(self) -> None:
        self._bookings: set[InFlightBooking] = set()
        self._lock = threading.Lock()

    def track(self) -> InFlightBooking:
        """Return a context manager that tracks one booking; set its ``epoch`` once it is known."""
        return InFlightBooking(self)

    def add(self, booking: InFlightBooking) -> None:
        """Add a booking."""
        with self._lock:
            self._bookings.add(booking)

    def discard(self, booking: InFlightBooking) -> None:
        """Remove a booking."""
        with self._lock:
            self._bookings.discard(booking)

    def __len__(self) -> int:
        return len(self._bookings)

    def older_than(self, epoch: int) -> set[InFlightBooking]:
        """Return the bookings of epochs before ``epoch``, and those of an unknown epoch."""
        with self._lock:
            return {e for e in self._bookings if e.epoch is None or e.epoch < epoch}
