"""Row lock: of several things, only two are locked."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class LocksTwo(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            for one in attempt.anchors[:2]:
                attempt.statement(StepKind.ACQUIRE, "row lock", one.lock, one.parameters)
            attempt.write(attempt.decide(attempt.read()))
