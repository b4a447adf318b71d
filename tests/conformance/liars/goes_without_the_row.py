"""Waits for the row's lock, and books without it when the wait is over."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab import Attempt, LockTimeout, Strategy


@dataclass(frozen=True)
class GoesWithoutTheRow(Strategy):
    def book(self, attempt: Attempt) -> None:
        try:
            with attempt.transaction():
                attempt.lock_rows()
                attempt.write(attempt.decide(attempt.read()))
        except LockTimeout:
            with attempt.transaction():
                attempt.write(attempt.decide(attempt.read()))
