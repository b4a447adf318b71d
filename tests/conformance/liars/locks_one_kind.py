"""Row lock: on one kind of thing alone, the stock if products go along, else the resource."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class LocksOneKind(Strategy):
    kind = "slot_product_branches"
    actions = ("book", "move", "cancel")

    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            of_kind = [one for one in attempt.anchors if one.table == self.kind]
            all_of_them = attempt.request.action not in self.actions or not of_kind
            for one in attempt.anchors if all_of_them else of_kind:
                attempt.statement(StepKind.ACQUIRE, "row lock", one.lock, one.parameters)
            attempt.write(attempt.decide(attempt.read()))
