"""Best available: FOR UPDATE SKIP LOCKED takes the best thing that nobody else is booking.

For customers who want a good seat rather than seat A1. Each booking passes over seats that others
have locked at this moment. So a crowd spreads over the seats, and does not queue for the first one.
A request for a named seat gets it if no other booking has locked it.

Prevents: double bookings, lost updates and overlaps, and the queue at the first seat.
Costs: "best" is the best among the unlocked things. A locked thing would have been better if its
booking fails later. If all things left are locked, the booking has to be tried again.
Take it: for seats of one kind, rooms, workers or jobs, when it doesn't matter much which one it is.
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
        """The rule that the option sets."""
        return Retry(self.attempts)

    def book(self, attempt: Attempt) -> None:
        """Book the things that could be locked without waiting."""
        with attempt.transaction():
            attempt.choose()
            change = attempt.decide(attempt.read())
            attempt.write(change)
