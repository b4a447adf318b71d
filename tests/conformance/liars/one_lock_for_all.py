"""Advisory lock: one for everything, and nobody is told."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class OneLockForAll(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.statement(StepKind.ACQUIRE, "advisory lock", "SELECT pg_advisory_xact_lock(1)")
            attempt.write(attempt.decide(attempt.read()))
