"""Pessimistic locking: SELECT ... FOR UPDATE first; everybody else waits until COMMIT.

The row lock lets bookings of one seat run one after the other. A booking reads under the lock, so
the state is still the same at the write. PostgreSQL keeps the lock, so it works for any number of
workers and service instances.

Several things are locked in one order that all bookings share. Without that order (``in_order``:
false), one booking can hold A and wait for B while another holds B and waits for A. PostgreSQL ends
such a deadlock: one of the two fails.

Prevents: double bookings, lost updates, oversells and overlaps.
Costs: under contention, bookings wait in line, each with a connection.
Take it: when many want the same thing and the work under the lock is short.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class Pessimistic(Strategy):
    """Lock, read, decide, write."""

    in_order: Annotated[bool, Field(description="lock several things in one common order")] = True

    def book(self, attempt: Attempt) -> None:
        """Book under the row's lock."""
        with attempt.transaction():
            attempt.lock_rows(in_order=self.in_order)
            change = attempt.decide(attempt.read())
            attempt.write(change)
