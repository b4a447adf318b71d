"""Locks outside PostgreSQL."""

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
    """Return the key in Redis of something that belongs to ``lab``.

    Everything that the lab keeps in Redis is under such a key, so that two labs can use one server.
    """
    return ":".join(["booking-lab", *([lab] if lab else []), kind, name])


class ProcessMemory:
    """What the threads of a process share.

    Attributes:
        used: whether anybody has shared something in it since it was made.
    """

    def __init__(self) -> None:
        self.used = False
        self._things: dict[str, Any] = {}

    def shared(self, name: str, make: Callable[[], T]) -> T:
        """Return what is shared under ``name``; if there is nothing yet, what ``make`` makes."""
        self.used = True
        things: dict[str, T] = self._things
        if name not in things:
            # One operation of the interpreter: of two threads that make it, both get the same.
            things.setdefault(name, make())
        return things[name]

    def clear(self) -> None:
        """Forget everything, as the end of the process does."""
        self._things = {}


@dataclass(frozen=True)
class Servers:
    """What locks may use beyond PostgreSQL; none where the lab has no such server.

    Attributes:
        redis: a client.
        redlock: a client for each of the independent servers of Redlock.
        memory: what the threads of this process share: its mutexes, and its queues.
        clock: how time passes.
        identity: tells this lab from all others that may use the same servers.

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
        """What these servers make possible."""
        there = {Capability.REDIS: self.redis, Capability.QUORUM: self.redlock}
        return frozenset(capability for capability, server in there.items() if server)


class Lease(Protocol):
    """The right to one anchor. Never waits: waiting and deadlines belong to the attempt.

    One that ends by itself has ``lasts`` as well: the seconds that it lasts at least, from before
    ``try_acquire`` was called.

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
        """Take it if it is free; return whether it is ours now. Announces each message."""
        ...

    def release(self, announce: Announce) -> bool:
        """Give it back; return whether it was still ours. Announces each message."""
        ...

    def expire(self) -> bool:
        """Do what its expiry would do now; return whether it has one and was held."""
        ...


class Lock(Protocol):
    """A kind of lock, with its options; makes one lease for each anchor.

    >>> from booking_lab import Mutex
    >>> lock: Lock = Mutex()
    >>> lock.lease(Anchor("desks", (("desk", "a"),)), Servers()).name
    'desks:a'
    """

    def lease(self, anchor: Anchor, servers: Servers) -> Lease:
        """Return a lease that is not taken yet."""
        ...
