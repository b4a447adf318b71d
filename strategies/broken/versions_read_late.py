"""Versions read late: optimistic locking that remembers the version after it has read the state.

Looks right: read, remember the version, compare before the write: all steps of optimistic locking
are there. Tests with one booking after the other pass, and so do most tests with overlapping
bookings.
Goes wrong: B can book between the two reads. Then the state is old and the version is new, and the
comparison of the new version with itself succeeds:
    A:read B:read B:read B:write B:write B:commit A:read A:write A:write A:commit
Mend it: read the version first. It may then be older than the state, which costs only a wasted try.
Or read both in one statement.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Attempts, Retry, Strategy


@dataclass(frozen=True)
class VersionsReadLate(Strategy):
    """Read, remember the version, decide, compare-and-set, write."""

    attempts: Attempts = 5

    broken = True

    @property
    def retry(self) -> Retry:
        """The rule that the option sets."""
        return Retry(self.attempts)

    def book(self, attempt: Attempt) -> None:
        """Book if no version has changed since it was read."""
        with attempt.transaction():
            state = attempt.read()
            seen = attempt.versions()
            change = attempt.decide(state)
            attempt.bump(seen)
            attempt.write(change)
