"""No protection: read, decide, write. Double-books whenever two bookers overlap.

The textbook race (check-then-act): both read a free seat, both decide to take it, both write. A
transaction alone doesn't help: under READ COMMITTED nothing compares what was read with what is
there when the write comes.

Prevents: nothing. The seat and its booking still go together, in one transaction.
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
        """Book, come what may."""
        with attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.write(change)
