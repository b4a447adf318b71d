"""booking-lab: reproduce, prove and measure double bookings.

These are the public names for strategies of your own; see ``strategies/README.md``.

A name's module is imported when the name is first asked for: a command that needs none of them
starts at once, and can be stopped at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str

    from booking_lab.core.anchor import Anchor
    from booking_lab.core.attempt import Attempt
    from booking_lab.core.capability import Capability
    from booking_lab.core.lease import Announce, Lease, Lock, Servers
    from booking_lab.core.retry import Attempts, Retry, Seconds
    from booking_lab.core.step import StepKind
    from booking_lab.core.strategy import Anomaly, Strategy
    from booking_lab.errors import (
        BookingLabError,
        Busy,
        Conflict,
        LockTimeout,
        Refused,
        Retryable,
        TimedOut,
        Unavailable,
    )
    from booking_lab.locks.mutex import Mutex
    from booking_lab.locks.redis_counters import RedisCounters
    from booking_lab.locks.redis_lock import RedisLease, RedisLock
    from booking_lab.locks.redlock import Redlock

__all__ = [
    "Anchor",
    "Announce",
    "Anomaly",
    "Attempt",
    "Attempts",
    "BookingLabError",
    "Busy",
    "Capability",
    "Conflict",
    "Lease",
    "Lock",
    "LockTimeout",
    "Mutex",
    "RedisCounters",
    "RedisLease",
    "RedisLock",
    "Redlock",
    "Refused",
    "Retry",
    "Retryable",
    "Seconds",
    "Servers",
    "StepKind",
    "Strategy",
    "TimedOut",
    "Unavailable",
]

_MODULES = {
    "Anchor": "core.anchor",
    "Attempt": "core.attempt",
    "Capability": "core.capability",
    "Announce": "core.lease",
    "Lease": "core.lease",
    "Lock": "core.lease",
    "Servers": "core.lease",
    "StepKind": "core.step",
    "Anomaly": "core.strategy",
    "Attempts": "core.retry",
    "Retry": "core.retry",
    "Seconds": "core.retry",
    "Strategy": "core.strategy",
    "BookingLabError": "errors",
    "Busy": "errors",
    "Conflict": "errors",
    "LockTimeout": "errors",
    "Refused": "errors",
    "Retryable": "errors",
    "TimedOut": "errors",
    "Unavailable": "errors",
    "Mutex": "locks.mutex",
    "RedisCounters": "locks.redis_counters",
    "RedisLease": "locks.redis_lock",
    "RedisLock": "locks.redis_lock",
    "Redlock": "locks.redlock",
}


def __getattr__(name: str) -> Any:
    """Import a public name; ``__version__`` is the installed package's."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("booking-lab")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found
