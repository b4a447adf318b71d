"""Row lock: for what takes things; who cancels is in nobody's way."""

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class CancelsUnlocked(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            if attempt.request.action != "cancel":
                attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
