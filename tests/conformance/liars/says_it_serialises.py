"""Row lock: says that all wait for all, and nobody does who wants something else."""

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class SaysItSerialises(Strategy):
    serialises = "the row lock is one for all"

    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
