"""Row lock; before it begins with that, it asks something that nobody is told of."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class SpeaksFirst(Strategy):
    def book(self, attempt: Attempt) -> None:
        attempt._session.execute("SELECT 1")
        with attempt.transaction():
            attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
