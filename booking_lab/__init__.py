"""booking-lab: reproduce, prove and measure double bookings.

These are the public names for strategies of your own; see ``strategies/README.md``.
"""

from booking_lab.core.anchor import Anchor
from booking_lab.core.attempt import Attempt
from booking_lab.core.capability import Capability
from booking_lab.core.lease import Announce, Lease, Lock, Servers
from booking_lab.core.step import StepKind
from booking_lab.core.strategy import Anomaly, Attempts, Retry, Seconds, Strategy
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
