"""Optimistic locking: compare-and-set on a version column; on conflict, try again.

Nobody waits before the write. Each booking remembers the version that it saw and moves it on only
if it is still the same; if not, somebody was faster, and the booking starts over after a random
pause.

Prevents: double bookings and lost updates.
Costs: work done in vain when many want the same thing, and a bound on the tries: a booking can end
as a conflict although it never met a booked seat.
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
        """As the options say."""
        return Retry(self.attempts, self.base, self.cap)

    def book(self, attempt: Attempt) -> None:
        """Book if nobody else has meanwhile."""
        with attempt.transaction():
            seen = attempt.versions()  # before the read, never after
            change = attempt.decide(attempt.read())
            attempt.bump(seen)  # Conflict if a version has moved
            attempt.write(change)
