"""Row lock without waiting: SELECT ... FOR UPDATE NOWAIT; it fails at once if the row is locked.

Like pessimistic locking, but no booking waits. PostgreSQL answers with error 55P03, and the booking
ends as a conflict. With more ``attempts``, it is tried again after a random pause.

Prevents: double bookings, lost updates, oversells and overlaps.
Costs: a booking can be turned away although the thing is free in the end, because the holder of the
lock is refused or fails. With more attempts, some tries are wasted.
Take it: when an answer now is better than a confirmation later, and waiting would fill the pool.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Attempts, Retry, Strategy


@dataclass(frozen=True)
class NoWait(Strategy):
    """Lock or give up, read, decide, write."""

    attempts: Attempts = 1

    @property
    def retry(self) -> Retry:
        """The rule that the option sets."""
        return Retry(self.attempts)

    def book(self, attempt: Attempt) -> None:
        """Book under the row's lock, if no other booking has it."""
        with attempt.transaction():
            attempt.lock_rows(wait=False)
            change = attempt.decide(attempt.read())
            attempt.write(change)
