"""The leases that one try of a booking holds: waiting for them, checking and releasing them."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable
from typing import NamedTuple

from booking_lab.core.anchor import Anchor
from booking_lab.core.booking import Booking
from booking_lab.core.clock import Clock
from booking_lab.core.lease import Announce, Lease
from booking_lab.core.step import StepName
from booking_lab.errors import (
    BookerInterrupted,
    LeaseEnded,
    LockTimeout,
    Unavailable,
    safe_text,
)

log = logging.getLogger(__name__)

#: Longest pause between two requests for a lease that another booking holds, in seconds.
LEASE_POLL = 0.02


class _HeldLease(NamedTuple):
    """A lease that is held, and the time on the lab's clock until which it lasts at least."""

    lease: Lease
    anchor: Anchor
    until: float


class HeldLeases:
    """The leases of one try.

    It keeps no reference to the attempt: a cycle of references would leave work for the garbage
    collector after every booking.

    Args:
        booking: the booking.
        clock: the lab's clock.
    """

    def __init__(self, booking: Booking, clock: Clock) -> None:
        self._booking = booking
        self._clock = clock
        self._held: list[_HeldLease] = []

    def __bool__(self) -> bool:
        return bool(self._held)

    def acquire(
        self,
        lease: Lease,
        anchor: Anchor,
        deadline: float,
        announce: Announce,
        pause: Callable[[float, StepName], None],
    ) -> None:
        """Acquire ``lease``, and wait for it until ``deadline`` on the lab's clock.

        Args:
            lease: the lease.
            anchor: the anchor of the lease.
            deadline: the end of the wait.
            announce: announces the messages of the lease.
            pause: waits some seconds, as a step with the given name.

        Raises:
            LockTimeout: another booking held it all the time.
        """
        asked = self._clock.now()
        while not lease.try_acquire(announce):
            self._booking.timing.contentions += 1
            left = deadline - self._clock.now()
            if left <= 0:
                raise LockTimeout(
                    f"Another booking held the lock on {anchor.name} all the time; nothing was "
                    f"booked. Try again."
                )
            pause(min(left, random.uniform(LEASE_POLL / 4, LEASE_POLL)), StepName.LEASE)
            asked = self._clock.now()
        self._booking.leases.append(lease)
        # Its time runs from before the request: nobody knows when the server recorded it.
        self._held.append(_HeldLease(lease, anchor, asked + getattr(lease, "lasts", math.inf)))

    def check(self, *, but_last: bool = False) -> None:
        """Check that no lease can have ended during a wait for something else.

        The lab's own clock decides. There is no check after the strategy has begun to work: a lease
        that ends during the work is a weakness of its kind, which the lab wants to show.

        Args:
            but_last: whether to leave out the lease that was acquired last.

        Raises:
            LeaseEnded: one may have ended.
        """
        now = self._clock.now()
        for one in self._held[:-1] if but_last else self._held:
            if now > one.until:
                raise LeaseEnded(
                    f"The lock on {one.anchor.name} may have ended while this waited for another "
                    f"one; nothing was booked. Try again."
                )

    def release(
        self, lease: Lease, announce: Announce, release_connection: Callable[[], None]
    ) -> None:
        """Release ``lease``. A failure is logged, and is no error of the booking.

        Args:
            lease: the lease.
            announce: announces the messages of the lease.
            release_connection: gives the booking's connection back before the messages.
        """
        found = [one for one in self._held if one.lease is lease]
        if not found:
            return  # this try has ended, and has released it already
        # The booking has its result by now. A lock that can't be released expires by itself, and
        # must not turn a confirmed booking into an error.
        [held] = found
        self._held.remove(held)
        self._booking.leases.remove(lease)
        release_connection()
        try:
            if not lease.release(announce):
                raise Unavailable("It had expired: another booking may have come in between.")
        except BookerInterrupted:
            raise
        except BaseException as error:  # the lock may be a plug-in's
            self._booking.timing.lost_leases += 1
            log.warning(
                "the lock on %s was not released: %s",
                held.anchor.name,
                safe_text(error, str),
                extra={"trace_id": self._booking.trace_id},
            )

    @property
    def last_first(self) -> list[Lease]:
        """The leases that are held, the last one first."""
        return [one.lease for one in reversed(self._held)]
