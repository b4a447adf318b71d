"""Row lock without waiting: SELECT ... FOR UPDATE NOWAIT; whoever finds it locked hears so at once.

Like pessimistic locking, but nobody queues. PostgreSQL answers with error 55P03 instead of waiting,
and the booking ends as a conflict, or is tried again after a random pause if ``attempts`` says so.

Prevents: double bookings, lost updates, oversells and overlaps.
Costs: a booking can be turned away although the thing is free in the end, when the holder of the
lock is refused or fails. Tries in vain, if it tries again.
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
        """As the option says."""
        return Retry(self.attempts)

    def book(self, attempt: Attempt) -> None:
        """Book under the row's lock, if it can be had at once."""
        with attempt.transaction():
            attempt.lock_rows(wait=False)
            change = attempt.decide(attempt.read())
            attempt.write(change)
