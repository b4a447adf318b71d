"""Constraint: write, and let the database refuse; an exclusion or a check decides.

Each booking reads and decides as if it were alone. The schema declares the forbidden states, and
PostgreSQL enforces them for every writer: error 23P01 or 23514 (or 23505, of a unique index) is a
refusal. In the lab, bookings under this strategy are marked as guarded. Beside a guarded booking,
no other booking is possible, whatever its strategy is and whichever came first. Unguarded bookings
can still fail among themselves on the same tables.

Prevents: double bookings, oversells and overlaps, and everything else that a constraint can
express, also by code that does not know of it.
Costs: for all bookings but one, the work before the write is wasted. Exclusion constraints can
deadlock under contention; then the booking starts over. Not every rule is a constraint.
Take it: always, as the last line behind any other strategy. Alone, when collisions are rare.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Capability, Strategy


@dataclass(frozen=True)
class Constrained(Strategy):
    """Read, decide, write guarded rows."""

    needs = frozenset({Capability.CONSTRAINT})

    def book(self, attempt: Attempt) -> None:
        """Book, unless a constraint refuses it."""
        with attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.claim(change)
