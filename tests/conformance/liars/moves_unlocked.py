"""Row lock: for new bookings; a booking that is moved has its things already."""

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class MovesUnlocked(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            if attempt.request.action != "move":
                attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
