"""Skip locked: the best is chosen in a transaction of its own, and booked in the next."""

from dataclasses import dataclass

from booking_lab import Attempt, Capability, Strategy


@dataclass(frozen=True)
class ChoosesApart(Strategy):
    needs = frozenset({Capability.CHOICE})

    def book(self, attempt: Attempt) -> None:
        if attempt.request.open:
            with attempt.transaction():
                attempt.choose()
        with attempt.transaction():
            if not attempt.request.open:
                attempt.choose()
            attempt.write(attempt.decide(attempt.read()))
