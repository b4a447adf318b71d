"""A lock in the memory of a process: it works between threads, not between workers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from booking_lab.core.anchor import Anchor
from booking_lab.core.lease import Announce, Servers


@dataclass(frozen=True)
class Mutex:
    """A lock for each anchor, in the memory of the process.

    >>> from contextlib import nullcontext
    >>> servers, desk = Servers(), Anchor("desks", (("desk", "a"),))
    >>> mine, yours = Mutex().lease(desk, servers), Mutex().lease(desk, servers)
    >>> mine.try_acquire(nullcontext), yours.try_acquire(nullcontext)
    (True, False)
    >>> yours.release(nullcontext), mine.release(nullcontext)
    (False, True)
    """

    def lease(self, anchor: Anchor, servers: Servers) -> MutexLease:
        """Return a lease on ``anchor`` that is not held yet."""
        holders: dict[str, str] = servers.memory.shared("mutexes", dict)
        return MutexLease(holders, anchor.name)


@dataclass(frozen=True)
class MutexLease:
    """A lease of a mutex: an entry with the holder's token under the lock's name.

    Attributes:
        holders: the tokens of all holders in this process, by the names of the locks.
        name: the name of the lock.
        token: a unique value of this holder.
    """

    holders: dict[str, str]
    name: str
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def try_acquire(self, announce: Announce) -> bool:
        """Take the lock if it is free; return whether it is held now."""
        with announce("mutex"):
            # setdefault is atomic: no other thread can come in between.
            return self.holders.setdefault(self.name, self.token) == self.token

    def release(self, announce: Announce) -> bool:
        """Release the lock; return false, and change nothing, if another booking holds it."""
        with announce("mutex"):
            if self.holders.get(self.name) != self.token:
                return False
            # No other thread can take it in between: others only set missing entries.
            del self.holders[self.name]
            return True

    def expire(self) -> bool:
        """Return false: a mutex never expires."""
        return False
