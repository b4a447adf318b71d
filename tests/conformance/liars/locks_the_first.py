"""Row lock: of several things, only some are locked: the first, whatever is done with them."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class LocksTheFirst(Strategy):
    first = 1
    last = 0
    actions = ("book", "move", "cancel")

    def book(self, attempt: Attempt) -> None:
        things = attempt.anchors
        if attempt.request.action in self.actions:
            things = sorted({*things[: self.first], *things[len(things) - self.last :]})
        with attempt.transaction():
            for one in things:
                attempt.statement(StepKind.ACQUIRE, "row lock", one.lock, one.parameters)
            attempt.write(attempt.decide(attempt.read()))
