"""Row lock: when it is refused, its own code falls over."""

from dataclasses import dataclass

from booking_lab import Attempt, Refused, Strategy


@dataclass(frozen=True)
class GetsLost(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.lock_rows()
            try:
                attempt.write(attempt.decide(attempt.read()))
            except Refused as refusal:
                raise KeyError("a bug") from refusal
