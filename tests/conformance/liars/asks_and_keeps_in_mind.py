"""The same set, looked at after the first message."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab import Attempt, Busy, Strategy

UNDER_WAY: set[str] = set()


@dataclass(frozen=True)
class AsksAndKeepsInMind(Strategy):
    def book(self, attempt: Attempt) -> None:
        names = {anchor.name for anchor in attempt.anchors}
        attempt.versions()
        if names & UNDER_WAY:
            raise Busy
        UNDER_WAY.update(names)
        try:
            with attempt.transaction():
                attempt.write(attempt.decide(attempt.read()))
        finally:
            UNDER_WAY.difference_update(names)
