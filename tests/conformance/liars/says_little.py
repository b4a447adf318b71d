"""Locks rows."""

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class SaysLittle(Strategy):
    """Has options that nobody can understand."""

    patience: int = 3
    anything: object = None

    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
