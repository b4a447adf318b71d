"""Versions read late: optimistic locking that remembers the version after it has read the state.

Looks right: read, remember the version, compare before the write; every line of optimistic locking
is there. Tests that let one booking follow the other pass, and most that let them overlap.
Goes wrong: between the two reads, B can book. Then the state is old and the version new, and the
comparison of a new version with itself succeeds:
    A:read B:read B:read B:write B:write B:commit A:read A:write A:write A:commit
Mend it: the version first. It may then be older than the state, which costs a try in vain and no
more. Or both in one statement.
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
        """As the option says."""
        return Retry(self.attempts)

    def book(self, attempt: Attempt) -> None:
        """Book if nobody else has since the version was read."""
        with attempt.transaction():
            state = attempt.read()
            seen = attempt.versions()
            change = attempt.decide(state)
            attempt.bump(seen)
            attempt.write(change)
