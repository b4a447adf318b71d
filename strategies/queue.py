"""Queue: one writer at a time books for all who wait, many bookings in one transaction.

Bookers of the same thing wait in a queue. The first booker in a queue without a writer is the
writer. It takes all waiting bookers as its batch and locks the rows once. It decides one booking
after the other, each on the state that those before it leave. It writes all of them by one
statement, and commits once. Then each of the others gets its result, and the first booker that came
meanwhile is the next writer. In databases this is called group commit, and among locks flat
combining.

The queues are in the memory of each worker. Writers of several workers meet at the row lock.

Prevents: double bookings, lost updates, oversells and overlaps.
Costs: if a commit fails, it fails for the whole batch, and a booker depends on another one's
thread. Without a crowd, it is `pessimistic` with one message more.
Take it: when very many want the same thing. The number of commits limits a hot row, and here a
whole batch shares one commit. Only the writer needs a connection.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from booking_lab import Attempt, Capability, Seconds, Strategy

Bookings = Annotated[int, Field(ge=1, le=1000, description="bookings of a transaction at most")]


@dataclass(frozen=True)
class Queue(Strategy):
    """Wait in a queue; the first booker locks, reads, decides, writes and commits for all."""

    most: Bookings = 64
    wait: Seconds = 5.0

    needs = frozenset({Capability.BATCH})

    def book(self, attempt: Attempt) -> None:
        """Book for the whole batch, unless another booker does it for this one."""
        with attempt.queued(self.most, wait=self.wait) as batch:
            if batch is None:
                return
            with attempt.transaction():
                attempt.lock_rows()
                changes = batch.decide(batch.read())
                batch.write(changes)
