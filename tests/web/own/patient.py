"""Patient: lock, then do as the others do. A strategy of a reader's own."""

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class Patient(Strategy):
    """Lock, read, decide, write."""

    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
