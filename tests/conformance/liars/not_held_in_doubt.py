"""Compares versions; a change that comes too late is told that there is nothing to change."""

from dataclasses import dataclass

from booking_lab import Attempt, Conflict, NotHeld, Strategy


@dataclass(frozen=True)
class NotHeldInDoubt(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            seen = attempt.versions()
            change = attempt.decide(attempt.read())
            try:
                attempt.bump(seen)
            except Conflict:
                if attempt.request.action == "book":
                    raise
                raise NotHeld from None
            attempt.write(change)
