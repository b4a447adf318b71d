"""Advisory lock: a lock in PostgreSQL on a number that stands for the thing, until COMMIT.

pg_advisory_xact_lock locks no row, but a key that the application computes, here a hash of the
thing's name. It can lock things that have no row yet. It ends with the transaction. A session-level
lock would stay when the connection returns to the pool, and the next booking would share it.

Prevents: double bookings, lost updates, oversells and overlaps, among all bookings that take it.
Costs: under contention, bookings wait in line, each with a connection. Two names with the same hash
wait for each other without need. Nothing ties the lock to the row: code without the lock can write.
Take it: when there is no row to lock, or rows must stay free for others to write.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class Advisory(Strategy):
    """Lock the key, read, decide, write."""

    def book(self, attempt: Attempt) -> None:
        """Book under the advisory lock."""
        with attempt.transaction():
            attempt.lock_advisory()
            change = attempt.decide(attempt.read())
            attempt.write(change)
