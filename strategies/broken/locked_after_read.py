"""Locked after the read: SELECT, then SELECT ... FOR UPDATE, and the decision rests on the first.

Looks right: the row is locked before it is written, and that is what row locks are for. It comes
about by itself: the state was read anyway, to show it or to check it, and the lock was added later.
Goes wrong: B waits for A's lock with what it has read before, and doesn't look again:
    A:read B:read A:acquire B:acquire A:write A:commit B:write B:commit
Mend it: lock first, then read, and decide on what was read under the lock. See ``pessimistic``. An
object-relational mapper needs telling: it may hand out the object that it has read before.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class LockedAfterRead(Strategy):
    """Read, lock, decide, write."""

    broken = True

    def book(self, attempt: Attempt) -> None:
        """Book under the row's lock, on what was read without it."""
        with attempt.transaction():
            state = attempt.read()
            attempt.lock_rows()
            change = attempt.decide(state)
            attempt.write(change)
