"""Redis lock: around the transaction for new bookings; within it for moves, so that it is short."""

from dataclasses import dataclass

from booking_lab import Attempt, Capability, RedisLock, Strategy


@dataclass(frozen=True)
class MovesAndLetsGo(Strategy):
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        lock = RedisLock(10.0)
        if attempt.request.action == "move":
            with attempt.transaction(), attempt.holding(lock, wait=5.0):
                attempt.write(attempt.decide(attempt.read()))
        else:
            with attempt.holding(lock, wait=5.0), attempt.transaction():
                attempt.write(attempt.decide(attempt.read()))
