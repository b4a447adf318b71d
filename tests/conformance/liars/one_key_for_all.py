"""Advisory lock: one key for all things of a booking together."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class OneKeyForAll(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.statement(
                StepKind.ACQUIRE,
                "advisory lock",
                "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))",
                {"name": "+".join(one.name for one in attempt.anchors)},
            )
            attempt.write(attempt.decide(attempt.read()))
