"""Row lock: of several things, only some are locked, the first of them."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class LocksTheFirst(Strategy):
    first = 1
    last = 0

    def book(self, attempt: Attempt) -> None:
        things = attempt.anchors
        with attempt.transaction():
            for one in sorted({*things[: self.first], *things[len(things) - self.last :]}):
                attempt.statement(StepKind.ACQUIRE, "row lock", one.lock, one.parameters)
            attempt.write(attempt.decide(attempt.read()))
