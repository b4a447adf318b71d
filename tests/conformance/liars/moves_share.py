"""Advisory locks: who moves a booking shares them with others who do; the rest has them alone."""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class MovesShare(Strategy):
    def book(self, attempt: Attempt) -> None:
        shared = "_shared" if attempt.request.action == "move" else ""
        with attempt.transaction():
            for one in attempt.anchors:
                attempt.statement(
                    StepKind.ACQUIRE,
                    "advisory lock",
                    f"SELECT pg_advisory_xact_lock{shared}(hashtextextended(%(name)s, 0))",
                    {"name": one.name},
                )
            attempt.write(attempt.decide(attempt.read()))
