"""Row lock: whoever does not get it asks again, and again, and never gives up."""

from dataclasses import dataclass

from booking_lab import Attempt, Refused, Strategy


@dataclass(frozen=True)
class WaitsForEver(Strategy):
    def book(self, attempt: Attempt) -> None:
        while True:
            try:
                with attempt.transaction():
                    attempt.lock_rows()
                    attempt.write(attempt.decide(attempt.read()))
                    return
            except Refused:
                attempt.pause(0.001, "lease")
