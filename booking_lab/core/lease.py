"""The interface of locks outside PostgreSQL, and the servers that they may use."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar

from booking_lab.core.anchor import Anchor
from booking_lab.core.capability import Capability
from booking_lab.core.clock import Clock

T = TypeVar("T")

#: Announces one message of a lease to the observers, for as long as the block runs.
Announce = Callable[[str], AbstractContextManager[object]]


def key(lab: str, kind: str, name: str) -> str:
    """Return a key in Redis that belongs to ``lab``.

    All of the lab's keys have this form, so that several labs can use one server.
    """
    return ":".join(["booking-lab", *([lab] if lab else []), kind, name])


class ProcessMemory:
    """Objects that all threads of a process share.

    Attributes:
        used: whether ``shared`` was ever called.
    """

    def __init__(self) -> None:
        self.used = False
        self._things: dict[str, Any] = {}

    def shared(self, name: str, make: Callable[[], T]) -> T:
        """Return the object shared under ``name``; the first call creates it by ``make``."""
        self.used = True
        things: dict[str, T] = self._things
        if name not in things:
            # Atomic in the interpreter: if two threads create it, both get the same object.
            things.setdefault(name, make())
        return things[name]

    def clear(self) -> None:
        """Remove all objects, as the end of a process does."""
        self._things = {}


@dataclass(frozen=True)
class Servers:
    """The servers that locks and counters may use besides PostgreSQL.

    Attributes:
        redis: a Redis client; none if the lab runs without Redis.
        redlock: a client for each of the independent servers of Redlock; empty if there are none.
        memory: the mutexes and the queues that the threads of this process share.
        clock: the clock for waits and expiries.
        identity: returns a name that no other lab on the same servers has.

    >>> Servers().offered
    frozenset()
    """

    redis: Any = None
    redlock: tuple[Any, ...] = ()
    memory: ProcessMemory = field(default_factory=ProcessMemory)
    clock: Clock = field(default_factory=Clock)
    identity: Callable[[], str] = str

    @cached_property
    def offered(self) -> frozenset[Capability]:
        """The capabilities that these servers provide."""
        there = {Capability.REDIS: self.redis, Capability.QUORUM: self.redlock}
        return frozenset(capability for capability, server in there.items() if server)


class Lease(Protocol):
    """A lock on one anchor, held by one booking. It never waits: the attempt waits and retries.

    A lease that ends by itself also has the attribute ``lasts``: the seconds that it lasts at
    least, counted from the begin of the call of ``try_acquire``.

    >>> from contextlib import nullcontext
    >>> class Turnstile:
    ...     def __init__(self, gone: set[str], name: str) -> None:
    ...         self.gone, self.name = gone, name
    ...
    ...     def try_acquire(self, announce: Announce) -> bool:
    ...         with announce("turnstile"):
    ...             free = self.name not in self.gone
    ...             self.gone.add(self.name)
    ...             return free
    ...
    ...     def release(self, announce: Announce) -> bool:
    ...         with announce("turnstile"):
    ...             self.gone.discard(self.name)
    ...             return True
    ...
    ...     def expire(self) -> bool:
    ...         return False
    >>> lease: Lease = Turnstile(set(), "a")
    >>> lease.try_acquire(nullcontext), lease.try_acquire(nullcontext)
    (True, False)
    """

    def try_acquire(self, announce: Announce) -> bool:
        """Take the lock if it is free; return whether it is held now. Announces each message."""
        ...

    def release(self, announce: Announce) -> bool:
        """Release the lock; return whether it was still held. Announces each message."""
        ...

    def expire(self) -> bool:
        """Let the lock expire now; return whether it can expire and was held."""
        ...


class Lock(Protocol):
    """A kind of lock, with its options. It makes a lease for each anchor.

    >>> from booking_lab import Mutex
    >>> lock: Lock = Mutex()
    >>> lock.lease(Anchor("desks", (("desk", "a"),)), Servers()).name
    'desks:a'
    """

    def lease(self, anchor: Anchor, servers: Servers) -> Lease:
        """Return a lease on ``anchor`` that is not held yet."""
        ...
