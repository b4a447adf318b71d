"""A lock in this process's memory: the threads of one worker see it, other workers don't."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from booking_lab.core.anchor import Anchor
from booking_lab.core.lease import Announce, Servers


@dataclass(frozen=True)
class Mutex:
    """One lock for each anchor, in the memory of the process.

    >>> from contextlib import nullcontext
    >>> servers, desk = Servers(), Anchor("desks", (("desk", "a"),))
    >>> mine, yours = Mutex().lease(desk, servers), Mutex().lease(desk, servers)
    >>> mine.try_acquire(nullcontext), yours.try_acquire(nullcontext)
    (True, False)
    >>> yours.release(nullcontext), mine.release(nullcontext)
    (False, True)
    """

    def lease(self, anchor: Anchor, servers: Servers) -> MutexLease:
        """Return a lease that is not taken yet."""
        holders: dict[str, str] = servers.memory.shared("mutexes", dict)
        return MutexLease(holders, anchor.name)


@dataclass(frozen=True)
class MutexLease:
    """The holder's token under the lock's name.

    Attributes:
        holders: the tokens of all holders in this process, by the lock's name.
        name: the lock's name.
        token: tells this holder from all others.
    """

    holders: dict[str, str]
    name: str
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def try_acquire(self, announce: Announce) -> bool:
        """Take the lock if it is free."""
        with announce("mutex"):
            # One operation of the interpreter, so no other thread can come in between.
            return self.holders.setdefault(self.name, self.token) == self.token

    def release(self, announce: Announce) -> bool:
        """Give it back; false if it is somebody else's, which stays so."""
        with announce("mutex"):
            if self.holders.get(self.name) != self.token:
                return False
            # Nobody takes it in between: it is ours, and others only set what isn't there.
            del self.holders[self.name]
            return True

    def expire(self) -> bool:
        """Nothing: it never expires."""
        return False
