"""Fence checked late: a lock's holder shows its token when it writes, and not before it reads.

Looks right: most drawings of fencing show this: the storage refuses a write whose token is lower
than an earlier one. Old holders are turned away, and can't write any more.
Goes wrong: this keeps the writes in order, but doesn't protect the reads before them. A's lock
expires. B, the new holder, reads before A writes. A's token is the highest so far, and B's token is
higher still:
    A:acquire A:read A:read expiry:A B:acquire B:read B:read
    A:write A:write A:commit B:write B:write B:commit
Mend it: register the token before the first read. From then on, earlier holders of the lock can't
write any more, so the state of the read stays valid. See ``fenced``.
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
        """Book while holding the Redis lock, unless a newer holder has written."""
        with attempt.holding(RedisLock(self.ttl), wait=self.wait), attempt.transaction():
            token = attempt.token()
            change = attempt.decide(attempt.read())
            attempt.fence(token)
            attempt.write(change)
