"""Optimistic locking: whoever comes too late is told that it is sold out."""

from dataclasses import dataclass

from booking_lab import Attempt, Conflict, Refused, Strategy


@dataclass(frozen=True)
class SoldOutInDoubt(Strategy):
    def book(self, attempt: Attempt) -> None:
        try:
            with attempt.transaction():
                seen = attempt.versions()
                change = attempt.decide(attempt.read())
                attempt.bump(seen)
                attempt.write(change)
        except Conflict:
            raise Refused("Sold out.") from None
