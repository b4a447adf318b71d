"""Serializable isolation: PostgreSQL ends one of two bookings without a serial order; try again.

The code is that of no protection. The transaction runs at SERIALIZABLE, where PostgreSQL tracks
which transaction has read rows that others write (serializable snapshot isolation). Of two
transactions that could not have run one after the other, it ends one with error 40001. The booking
starts over, including its reads.

Prevents: double bookings, lost updates, oversells, overlaps and write skew, without any lock in the
code. All bookings have to run at this level.
Doesn't prevent: overlaps on a stock server in one rare case. While a transaction stays open, about
a thousand others commit. Then PostgreSQL summarises their reads, and misses the conflict. If both
write one row, or an index is unique, the protection holds.
Costs: wasted work under contention, also where nothing was wrong, and memory for the tracked reads.
PostgreSQL tracks a search without a result by whole pages of an index. So bookings that search for
free times of different resources can conflict; on a small table, all of them do. (A sequential scan
would track the whole table: the lab makes PostgreSQL use indexes.)
Take it: when the rule spans many rows, so that there is no row to lock.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Attempts, Retry, Seconds, Strategy


@dataclass(frozen=True)
class Serializable(Strategy):
    """Read, decide, write, at the isolation level SERIALIZABLE."""

    attempts: Attempts = 5
    base: Seconds = 0.005
    cap: Seconds = 0.25

    serialises = "PostgreSQL tracks searches without a result by whole pages of an index"

    @property
    def retry(self) -> Retry:
        """The rule that the options set."""
        return Retry(self.attempts, self.base, self.cap)

    def book(self, attempt: Attempt) -> None:
        """Book as if alone; PostgreSQL ends the transaction if there is no serial order."""
        with attempt.transaction("SERIALIZABLE"):
            change = attempt.decide(attempt.read())
            attempt.write(change)
