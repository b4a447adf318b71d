"""Advisory lock: on the resource and the hour in which the time begins, and on the stock."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class LocksTheHour(Strategy):
    edge = "starts_at"
    unit = "%Y-%m-%dT%H"

    def book(self, attempt: Attempt) -> None:
        time = getattr(attempt.request, self.edge, None)
        with attempt.transaction():
            for one in attempt.anchors:
                of_time = time and one.table == "slot_resources"
                attempt.statement(
                    StepKind.ACQUIRE,
                    "advisory lock",
                    "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))",
                    {"name": f"{one.name}:{time:{self.unit}}" if of_time else one.name},
                )
            attempt.write(attempt.decide(attempt.read()))
