"""Mutex: a lock in the memory of the process. Right with one worker, wrong with two.

Every language has this lock. Its holder books, and the other threads wait. But a service runs in
several worker processes, each with a memory of its own. Bookers in different workers hold different
locks on the same thing, and none of them waits.

Prevents: double bookings, lost updates, oversells and overlaps among the threads of one worker.
Doesn't prevent: the same between two workers, let alone two machines.
Costs: no message at all. Bookers in one worker wait for each other.
Take it: when exactly one process books, and always will. As a rule, that is never.
"""

from dataclasses import dataclass

from booking_lab import Anomaly, Attempt, Mutex, Seconds, Strategy


@dataclass(frozen=True)
class InProcess(Strategy):
    """Lock in memory, read, decide, write, commit, unlock."""

    wait: Seconds = 5.0

    allows = frozenset(
        {Anomaly.DOUBLE_BOOKING, Anomaly.LOST_UPDATE, Anomaly.OVERSELL, Anomaly.OVERLAP}
    )

    def book(self, attempt: Attempt) -> None:
        """Book while holding the process's lock; it outlives the commit."""
        with attempt.holding(Mutex(), wait=self.wait), attempt.transaction():
            change = attempt.decide(attempt.read())
            attempt.write(change)
