"""Row lock: of several things, only the first and the last are locked."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class LocksTheEnds(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            for one in sorted({*attempt.anchors[:1], *attempt.anchors[-1:]}):
                attempt.statement(StepKind.ACQUIRE, "row lock", one.lock, one.parameters)
            attempt.write(attempt.decide(attempt.read()))
