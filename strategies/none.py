"""No protection: read, decide, write. Double-books whenever two bookers overlap.

The textbook race (check-then-act): both bookings read a free seat, decide to take it, and write. A
transaction alone doesn't help: under READ COMMITTED, nothing compares the state of the read with
the state at the write.

Prevents: nothing. The seat and its booking still agree, because one transaction writes both.
Costs: nothing.
Take it: never, except to see the race and as the baseline for the others.
"""

from dataclasses import dataclass

from booking_lab import Anomaly, Attempt, Strategy


@dataclass(frozen=True)
class Unprotected(Strategy):
    """Read, decide, write."""

    allows = frozenset(
        {Anomaly.DOUBLE_BOOKING, Anomaly.LOST_UPDATE, Anomaly.OVERSELL, Anomaly.OVERLAP}
    )

    def book(self, attempt: Attempt) -> None:
        """Book without any protection."""
        with attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.write(change)
