"""Compares versions at the first try, and at the second no more: the crowd has gone by then."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class ComparesOnce(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            seen = attempt.versions()
            change = attempt.decide(attempt.read())
            if attempt.number == 1:
                attempt.bump(seen)
            attempt.write(change)
