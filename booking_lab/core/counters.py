"""Counters outside PostgreSQL that admit bookings before these begin."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from booking_lab.core.anchor import Anchor
from booking_lab.core.booking import Booking
from booking_lab.core.lease import Announce, Servers


class Reservation(Protocol):
    """What one booking needs, taken from the counters before PostgreSQL is asked.

    Each method is one message and announces it. All of a booking's counters change at once.
    """

    def take(self, filled: Mapping[Anchor, int], announce: Announce) -> Collection[Anchor]:
        """Take it if so much is left everywhere.

        Args:
            filled: what PostgreSQL says is left, for counters that weren't there. A counter that
                is there by now keeps its value.
            announce: announces the message.

        Returns:
            The counters that aren't there. Nothing was taken then.

        Raises:
            SoldOut: not enough is left. Nothing was taken.
            Unavailable: no answer. Should it have been taken all the same, that will be repaired.
        """
        ...

    def confirm(self, announce: Announce) -> None:
        """Say that PostgreSQL has committed the booking; what the booking frees is free now."""
        ...

    def give_back(self, announce: Announce) -> None:
        """Put it back."""
        ...


class Counters(Protocol):
    """A kind of counters."""

    def reservation(
        self, booking: Booking, units: Mapping[Anchor, int], servers: Servers
    ) -> Reservation:
        """Return the reservation of a booking that takes so much of each anchor; below 0: frees."""
        ...
