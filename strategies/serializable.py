"""Serializable isolation: PostgreSQL finds out that two bookings don't fit in one order; try again.

The code is the one of no protection. The transaction runs at SERIALIZABLE, where PostgreSQL follows
who has read what others write (serializable snapshot isolation) and ends one of two that could not
have run one after the other, with error 40001. The booking starts over, reads included.

Prevents: double bookings, lost updates, oversells, overlaps and write skew, without any lock in the
code. All that book have to run at this level.
Doesn't prevent: overlaps on a stock server in one rare case. A transaction stays open while about a
thousand others commit, what those have read is then summarised, and the conflict goes unnoticed.
Where both write one row, or an index is unique, it holds.
Costs: work in vain under contention, also where nothing was wrong, and memory for what was read.
PostgreSQL notes what was looked for and not there by whole pages of an index, so two that look for
free times of different resources can be in each other's way; on a small table, all are. (Whole
tables would be noted where they are scanned: the lab tells PostgreSQL to take indexes.)
Take it: when the rule spans many rows, so that there is nothing to lock.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Attempts, Retry, Seconds, Strategy


@dataclass(frozen=True)
class Serializable(Strategy):
    """Read, decide, write, at the isolation level SERIALIZABLE."""

    attempts: Attempts = 5
    base: Seconds = 0.005
    cap: Seconds = 0.25

    serialises = "PostgreSQL notes by whole pages of an index what was looked for in vain"

    @property
    def retry(self) -> Retry:
        """As the options say."""
        return Retry(self.attempts, self.base, self.cap)

    def book(self, attempt: Attempt) -> None:
        """Book as if alone; PostgreSQL objects if that shows."""
        with attempt.transaction("SERIALIZABLE"):
            change = attempt.decide(attempt.read())
            attempt.write(change)
