"""A lock in Redis and a fence; of several things, the fence is asked of the first alone."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab import Attempt, Capability, FencedOff, RedisLock, Seconds, StepKind, Strategy


@dataclass(frozen=True)
class FencesTheFirst(Strategy):
    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        with attempt.holding(RedisLock(self.ttl), wait=self.wait), attempt.transaction():
            first, values = attempt.anchors[0], {"token": attempt.token()}
            [(highest, there)] = attempt.statement(
                StepKind.WRITE, "fence", first.register_token, {**first.parameters, **values}
            )
            if there is not None and not highest:
                raise FencedOff
            attempt.write(attempt.decide(attempt.read()))
