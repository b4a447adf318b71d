"""Row lock: of several things, only the first is locked."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class LocksTheFirst(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            first = attempt.anchors[0]
            attempt.statement(StepKind.ACQUIRE, "row lock", first.lock, first.parameters)
            attempt.write(attempt.decide(attempt.read()))
