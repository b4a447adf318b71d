"""Waits for the rows' locks; who moves a booking does so without them when the wait is over."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab import Attempt, LockTimeout, Strategy


@dataclass(frozen=True)
class MovesWithoutTheRow(Strategy):
    def book(self, attempt: Attempt) -> None:
        try:
            with attempt.transaction():
                attempt.lock_rows()
                attempt.write(attempt.decide(attempt.read()))
        except LockTimeout:
            if attempt.request.action != "move":
                raise
            with attempt.transaction():
                attempt.write(attempt.decide(attempt.read()))
