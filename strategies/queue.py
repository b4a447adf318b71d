"""Queue: one writer at a time books for all who wait, many bookings in one transaction.

Bookers of the same thing stand in line. Whoever finds no writer there is the writer: it takes the
line as it stands, locks the rows once, decides one booking after the other, each on what those
before it have left, writes them all by one statement and commits once. Then it tells the others,
and the first of those who came meanwhile is the next writer. In databases this is known as group
commit, among locks as flat combining.

The lines are in the memory of each worker. Writers of several workers meet at the row lock.

Prevents: double bookings, lost updates, oversells and overlaps.
Costs: one bad commit fails all of its batch, and a booker depends on another one's thread. Without
a crowd it is `pessimistic` with one message more.
Take it: when very many want the same thing. Commits are what a hot row has too few of, and here the
whole line shares one; nobody but the writer needs a connection.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from booking_lab import Attempt, Capability, Seconds, Strategy

Bookings = Annotated[int, Field(ge=1, le=1000, description="bookings of a transaction at most")]


@dataclass(frozen=True)
class Queue(Strategy):
    """Stand in line; the first locks, reads, decides, writes and commits for all."""

    most: Bookings = 64
    wait: Seconds = 5.0

    needs = frozenset({Capability.BATCH})

    def book(self, attempt: Attempt) -> None:
        """Book for all who wait, unless another one does it for this one."""
        with attempt.queued(self.most, wait=self.wait) as batch:
            if batch is None:
                return
            with attempt.transaction():
                attempt.lock_rows()
                changes = batch.decide(batch.read())
                batch.write(changes)
