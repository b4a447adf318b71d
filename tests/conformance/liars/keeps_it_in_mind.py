"""What is being booked stands in a set of the module, which other processes have as well."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab import Attempt, Busy, Strategy

UNDER_WAY: set[str] = set()


@dataclass(frozen=True)
class KeepsItInMind(Strategy):
    def book(self, attempt: Attempt) -> None:
        names = {anchor.name for anchor in attempt.anchors}
        if names & UNDER_WAY:
            raise Busy
        UNDER_WAY.update(names)
        try:
            with attempt.transaction():
                attempt.write(attempt.decide(attempt.read()))
        finally:
            UNDER_WAY.difference_update(names)
