"""Optimistic locking: compare-and-set on a version column; on conflict, try again.

No booking waits before the write. Each booking remembers the version that it has read, and raises
it only if it is still the same. Otherwise another booking was faster, and this one starts over
after a random pause.

Prevents: double bookings and lost updates.
Costs: wasted work when many want the same thing, and a bound on the tries: a booking can end as a
conflict although it never found a booked seat.
Take it: when collisions are rare and reads should never wait.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Attempts, Retry, Seconds, Strategy


@dataclass(frozen=True)
class Optimistic(Strategy):
    """Remember the version, decide, compare-and-set, write."""

    attempts: Attempts = 5
    base: Seconds = 0.005
    cap: Seconds = 0.25

    @property
    def retry(self) -> Retry:
        """The rule that the options set."""
        return Retry(self.attempts, self.base, self.cap)

    def book(self, attempt: Attempt) -> None:
        """Book if no version has changed since the read."""
        with attempt.transaction():
            seen = attempt.versions()  # before the read, never after
            change = attempt.decide(attempt.read())
            attempt.bump(seen)  # Conflict if a version has changed
            attempt.write(change)
