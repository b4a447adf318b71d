"""booking-lab: reproduce, prove and measure double bookings.

These are the public names for strategies of your own; see ``strategies/README.md``.
"""

from booking_lab.core.attempt import Attempt
from booking_lab.core.strategy import Anomaly, Attempts, Capability, Retry, Seconds, Strategy
from booking_lab.errors import (
    BookingLabError,
    Conflict,
    LockTimeout,
    Refused,
    Retryable,
    TimedOut,
    Unavailable,
)
from booking_lab.locks.redis_lock import RedisLock

__all__ = [
    "Anomaly",
    "Attempt",
    "Attempts",
    "BookingLabError",
    "Capability",
    "Conflict",
    "LockTimeout",
    "RedisLock",
    "Refused",
    "Retry",
    "Retryable",
    "Seconds",
    "Strategy",
    "TimedOut",
    "Unavailable",
]
