"""Row lock: it says that it double-books, and doesn't; neither alone nor under faults."""

from dataclasses import dataclass

from booking_lab import Anomaly, Attempt, Capability, Strategy


@dataclass(frozen=True)
class TooModest(Strategy):
    needs = frozenset(
        {Capability.CHOICE, Capability.COUNTS}
    )  # seats alone have both: less to explore
    allows = frozenset({Anomaly.DOUBLE_BOOKING})
    allows_under_faults = frozenset({Anomaly.ORPHAN})

    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
