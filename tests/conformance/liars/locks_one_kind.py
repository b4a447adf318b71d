"""Row lock: on the stock if products go along, else on the resource."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class LocksOneKind(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            stock = [one for one in attempt.anchors if one.table.endswith("branches")]
            for one in stock or attempt.anchors:
                attempt.statement(StepKind.ACQUIRE, "row lock", one.lock, one.parameters)
            attempt.write(attempt.decide(attempt.read()))
