"""Row lock: safe, as whoever comes is told that somebody else was first."""

from dataclasses import dataclass

from booking_lab import Attempt, Conflict, Strategy


@dataclass(frozen=True)
class BooksNothing(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.lock_rows()
            attempt.decide(attempt.read())
            raise Conflict
