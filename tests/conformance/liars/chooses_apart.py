"""Skip locked: the best is chosen in a transaction of its own, and booked in the next."""

from dataclasses import dataclass

from booking_lab import Attempt, Capability, Strategy


@dataclass(frozen=True)
class ChoosesApart(Strategy):
    needs = frozenset({Capability.CHOICE})

    def book(self, attempt: Attempt) -> None:
        named = not attempt.request.open
        if not named:
            with attempt.transaction():
                attempt.choose()
        with attempt.transaction():
            if named:
                attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
