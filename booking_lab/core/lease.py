"""Locks outside PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from booking_lab.core.anchor import Anchor


@dataclass(frozen=True)
class Servers:
    """The servers beyond PostgreSQL that locks may use; none where the lab has no such server."""

    redis: Any = None


class Lease(Protocol):
    """The right to one anchor. Never waits: waiting and deadlines belong to the attempt."""

    def try_acquire(self) -> bool:
        """Take it if it is free; return whether it is ours now."""
        ...

    def release(self) -> bool:
        """Give it back; return whether it was still ours."""
        ...


class Lock(Protocol):
    """A kind of lock, with its options; makes one lease for each anchor."""

    def lease(self, anchor: Anchor, servers: Servers) -> Lease:
        """Return a lease that is not taken yet."""
        ...
