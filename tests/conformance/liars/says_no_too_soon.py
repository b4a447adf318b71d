"""Row lock: whatever goes wrong is a conflict, also an answer to COMMIT that never came."""

from dataclasses import dataclass

from booking_lab import Attempt, BookingLabError, Conflict, Refused, Strategy


@dataclass(frozen=True)
class SaysNoTooSoon(Strategy):
    def book(self, attempt: Attempt) -> None:
        try:
            with attempt.transaction():
                attempt.lock_rows()
                attempt.write(attempt.decide(attempt.read()))
        except Refused:
            raise
        except BookingLabError as error:
            raise Conflict from error
