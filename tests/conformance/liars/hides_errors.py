"""Row lock: every error is wrapped into another one, which nobody knows."""

from dataclasses import dataclass

from booking_lab import Attempt, Capability, RedisLock, Refused, Strategy


@dataclass(frozen=True)
class HidesErrors(Strategy):
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        try:
            with attempt.holding(RedisLock(10.0), wait=5.0), attempt.transaction():
                attempt.lock_rows()
                attempt.write(attempt.decide(attempt.read()))
        except Refused:
            raise
        except Exception as error:
            raise RuntimeError("something went wrong") from error
