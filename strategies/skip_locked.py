"""Best available: FOR UPDATE SKIP LOCKED takes the best thing that nobody else is booking.

For customers who want a good seat rather than seat A1. Each passes over what others have locked at
this moment, so that a crowd spreads over the seats instead of queueing for the first. Those who do
name their seat get it if nobody has it locked.

Prevents: double bookings, lost updates and overlaps, and the queue at the first seat.
Costs: "best" is best among what isn't locked. Whoever is passed over and then freed by a failure
was the better choice. If all that is left is locked, it has to be tried again.
Take it: for seats of one kind, rooms, workers, jobs: when which one doesn't matter much.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Attempts, Capability, Retry, Strategy


@dataclass(frozen=True)
class SkipLocked(Strategy):
    """Choose and lock, read, decide, write."""

    attempts: Attempts = 3

    needs = frozenset({Capability.CHOICE})

    @property
    def retry(self) -> Retry:
        """As the option says."""
        return Retry(self.attempts)

    def book(self, attempt: Attempt) -> None:
        """Book what could be locked without waiting."""
        with attempt.transaction():
            attempt.choose()
            change = attempt.decide(attempt.read())
            attempt.write(change)
