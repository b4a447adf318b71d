"""Pessimistic locking: SELECT ... FOR UPDATE first; everybody else waits until COMMIT.

The row lock makes bookings of one seat go one after the other: whoever reads has the lock, so what
was read still holds when it is written. PostgreSQL keeps the lock, so it works across any number
of workers and service instances.

Prevents: double bookings and lost updates.
Costs: under contention everybody waits in line, and each waiter keeps a connection.
Take it: when many want the same thing and the work under the lock is short.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class Pessimistic(Strategy):
    """Lock, read, decide, write."""

    def book(self, attempt: Attempt) -> None:
        """Book under the row's lock."""
        with attempt.transaction():
            attempt.lock_rows()
            change = attempt.decide(attempt.read())
            attempt.write(change)
