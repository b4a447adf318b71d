"""Atomic write: check and write are one statement, UPDATE ... WHERE it is still free.

There is no time between check and act, because the database does both. Whoever comes second waits
for the row, finds the condition false, and is refused.

Prevents: double bookings, lost updates, oversells and overlaps.
Costs: the least: one round trip besides the commit. The decision has to be written in SQL, where it
can't ask another service, and think time finds no place.
Take it: whenever the rule fits into a statement. Many do.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Capability, Strategy


@dataclass(frozen=True)
class Atomic(Strategy):
    """Check and write."""

    needs = frozenset({Capability.CONDITIONAL_WRITE})

    def book(self, attempt: Attempt) -> None:
        """Book if it is free, in one statement."""
        with attempt.transaction():
            attempt.write_if()
