"""Constraint: write, and let the database refuse; an exclusion or a check decides.

Everybody reads and decides as if alone. What must not be is declared in the schema, and PostgreSQL
holds to it whoever writes: error 23P01 or 23514 (or 23505, of a unique index) is a refusal. In the
lab, what is booked under this strategy is marked as guarded. Beside a guarded booking there is no
other one, whatever that is booked under and whichever came first; others can still fail among
themselves on the same tables.

Prevents: double bookings, oversells and overlaps, and whatever else a constraint can say, also by
code that knows nothing of it.
Costs: the work before the write is in vain for all but one. Exclusion constraints can deadlock
under contention; the booking starts over. Not every rule is a constraint.
Take it: always, as the last line behind any other strategy. Alone, when collisions are rare.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Capability, Strategy


@dataclass(frozen=True)
class Constrained(Strategy):
    """Read, decide, write guarded rows."""

    needs = frozenset({Capability.CONSTRAINT})

    def book(self, attempt: Attempt) -> None:
        """Book, unless the database objects."""
        with attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.claim(change)
