"""Locked after the read: SELECT, then SELECT ... FOR UPDATE, and the decision rests on the first.

Looks right: the row is locked before it is written, which is the purpose of row locks. It happens
easily: the code read the state anyway, to show or to check it, and the lock was added later.
Goes wrong: B waits for A's lock with the state that it has read before, and doesn't read again:
    A:read B:read A:acquire B:acquire A:write A:commit B:write B:commit
Mend it: lock first, then read, and decide on the state that was read under the lock. See
``pessimistic``. With an object-relational mapper, refresh the object: otherwise it may return the
one that it has read before.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class LockedAfterRead(Strategy):
    """Read, lock, decide, write."""

    broken = True

    def book(self, attempt: Attempt) -> None:
        """Book under the row's lock, on a state that was read before it."""
        with attempt.transaction():
            state = attempt.read()
            attempt.lock_rows()
            change = attempt.decide(state)
            attempt.write(change)
