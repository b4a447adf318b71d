"""Atomic write: check and write are one statement, UPDATE ... WHERE it is still free.

There is no time between check and act, because the database does both. The second booking waits for
the row, finds the condition false, and is refused.

Prevents: double bookings, lost updates, oversells and overlaps.
Costs: the least: one round trip besides the commit. The decision has to be SQL, which can't ask
another service, and there is no place for think time.
Take it: whenever the rule fits into a statement. Many rules do.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Capability, Strategy


@dataclass(frozen=True)
class Atomic(Strategy):
    """Check and write."""

    needs = frozenset({Capability.CONDITIONAL_WRITE})

    def book(self, attempt: Attempt) -> None:
        """Book by one statement, if the thing is free."""
        with attempt.transaction():
            attempt.write_if()
