"""Advisory lock: on the resource and the week in which the time begins, and on the stock."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class LocksTheWeek(Strategy):
    unit = "%G-%V"

    def book(self, attempt: Attempt) -> None:
        begin = getattr(attempt.request, "starts_at", None)
        with attempt.transaction():
            for one in attempt.anchors:
                of_time = begin and one.table == "slot_resources"
                attempt.statement(
                    StepKind.ACQUIRE,
                    "advisory lock",
                    "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))",
                    {"name": f"{one.name}:{begin.strftime(self.unit)}" if of_time else one.name},
                )
            attempt.write(attempt.decide(attempt.read()))
