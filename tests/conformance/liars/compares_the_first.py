"""Optimistic locking: of several things, only the first one's version is compared."""

from dataclasses import dataclass

from booking_lab import Attempt, Conflict, StepKind, Strategy


@dataclass(frozen=True)
class ComparesTheFirst(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            first = attempt.anchors[0]
            rows = attempt.statement(StepKind.READ, "version", first.read_version, first.parameters)
            change = attempt.decide(attempt.read())
            moved = attempt.statement(
                StepKind.WRITE,
                "version",
                f"{first.bump_version} RETURNING 1",
                {**first.parameters, "seen": rows[0][0]},
            )
            if not moved:
                raise Conflict
            attempt.write(change)
