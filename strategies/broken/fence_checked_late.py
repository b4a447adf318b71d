"""Fence checked late: a lock's holder shows its token when it writes, and not before it reads.

Looks right: this is how fencing is drawn everywhere: the storage refuses a write whose token is
lower than one it has seen. Old holders are turned away, and nothing of theirs is ever written.
Goes wrong: that keeps the writes in order, and says nothing of what they rest on. A's lock expires.
B, the new holder, reads before the old one has written; A's token is the highest yet, and B's is
higher still:
    A:acquire A:read A:read expiry:A B:acquire B:read B:read
    A:write A:write A:commit B:write B:write B:commit
Mend it: register the token before the first read. From then on, whoever held the lock before can
write no more, and what was read still stands. See ``fenced``.
"""

from dataclasses import dataclass

from booking_lab import Attempt, Capability, RedisLock, Seconds, Strategy


@dataclass(frozen=True)
class FenceCheckedLate(Strategy):
    """Lock in Redis, draw a token, read, decide, register the token, write, commit, unlock."""

    ttl: Seconds = 10.0
    wait: Seconds = 5.0

    broken = True
    needs = frozenset({Capability.REDIS})

    def book(self, attempt: Attempt) -> None:
        """Book while holding the Redis lock, if nobody newer has written."""
        with attempt.holding(RedisLock(self.ttl), wait=self.wait), attempt.transaction():
            token = attempt.token()
            change = attempt.decide(attempt.read())
            attempt.fence(token)
            attempt.write(change)
