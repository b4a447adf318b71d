"""The interface of counters outside PostgreSQL, which admit bookings before they begin."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from booking_lab.core.anchor import Anchor
from booking_lab.core.booking import Booking
from booking_lab.core.lease import Announce, Servers


class Reservation(Protocol):
    """The units that one booking takes from counters before it asks PostgreSQL.

    Each method sends one message and announces it. All counters of a booking change at once.
    """

    def take(self, filled: Mapping[Anchor, int], announce: Announce) -> Collection[Anchor]:
        """Take the units if each counter has enough left.

        Args:
            filled: the units left according to PostgreSQL, for counters that were missing. A
                counter that exists by now keeps its value.
            announce: announces the message.

        Returns:
            The counters that are missing. If there are any, nothing was taken.

        Raises:
            SoldOut: not enough is left. Nothing was taken.
            Unavailable: no answer. If the units were taken nevertheless, a repair returns them.
        """
        ...

    def confirm(self, announce: Announce) -> None:
        """Report that PostgreSQL has committed the booking; units that it frees are free now."""
        ...

    def give_back(self, announce: Announce) -> None:
        """Return the units to the counters."""
        ...


class Counters(Protocol):
    """A kind of counters, with its options."""

    def reservation(
        self, booking: Booking, units: Mapping[Anchor, int], servers: Servers
    ) -> Reservation:
        """Return the reservation of a booking.

        Args:
            booking: the booking.
            units: the units that it takes of each anchor; negative if it frees them.
            servers: the servers that the counters may use.
        """
        ...
