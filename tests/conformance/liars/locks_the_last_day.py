"""Advisory lock: on the resource and the day on which the time ends, and on the stock."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class LocksTheLastDay(Strategy):
    unit = "%Y-%m-%d"

    def book(self, attempt: Attempt) -> None:
        end = getattr(attempt.request, "ends_at", None)
        with attempt.transaction():
            for one in attempt.anchors:
                of_time = end and one.table == "slot_resources"
                attempt.statement(
                    StepKind.ACQUIRE,
                    "advisory lock",
                    "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))",
                    {"name": f"{one.name}:{end.strftime(self.unit)}" if of_time else one.name},
                )
            attempt.write(attempt.decide(attempt.read()))
