"""booking-lab: reproduce, prove and measure double bookings.

These are the public names. A strategy or a workload of your own imports nothing else of the lab.

* A strategy: ``Strategy``, ``Attempt``, ``Anomaly``, ``Capability``, ``Retry``, and the types of
  options ``Attempts`` and ``Seconds``; see ``strategies/README.md``.
* Locks and counters outside PostgreSQL: ``RedisLock``, ``Redlock``, ``Mutex``, ``RedisCounters``,
  and for a lock of your own: ``Lock``, ``Lease``, ``RedisLease``, ``Servers``, ``Announce``.
* A workload: ``LabWorkload``, ``Request``, ``INTERNAL``, ``Anchor``, ``Session``, ``Row``,
  ``Violation``; see ``docs/workloads.md``.
* The capabilities of a workload: ``SupportsBatch``, ``SupportsChoice``, ``SupportsCounts``,
  ``SupportsConditionalWrite``, ``SupportsConstraint``.
* The scenarios of a workload: ``Scenario``, ``ChangeRequest``, ``existing_booking``.
* The errors of both: ``BookingLabError`` and its subclasses.

The module of a name is imported at the first use of the name. So a command that needs none of them
starts, and can be stopped, without a delay.

>>> import booking_lab
>>> booking_lab.Anchor("seats", (("event_id", 1), ("seat_number", "A1"))).name
'seats:1:A1'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str

    from booking_lab.core.anchor import Anchor
    from booking_lab.core.attempt import Attempt
    from booking_lab.core.capability import (
        Capability,
        SupportsBatch,
        SupportsChoice,
        SupportsConditionalWrite,
        SupportsConstraint,
        SupportsCounts,
    )
    from booking_lab.core.lab_workload import LabWorkload, Violation
    from booking_lab.core.lease import Announce, Lease, Lock, Servers
    from booking_lab.core.retry import Attempts, Retry, Seconds
    from booking_lab.core.scenario import ChangeRequest, Scenario, existing_booking
    from booking_lab.core.step import StepKind
    from booking_lab.core.strategy import Anomaly, Strategy
    from booking_lab.core.workload import INTERNAL, Request, Row, Session
    from booking_lab.errors import (
        BookingLabError,
        BookingNotFound,
        Busy,
        CommitUnknown,
        Conflict,
        FencedOff,
        InvalidRequest,
        LeaseEnded,
        LockTimeout,
        NotFound,
        NotHeld,
        Overlaps,
        Refused,
        Retryable,
        SoldOut,
        Superseded,
        Taken,
        TimedOut,
        Unavailable,
        Violated,
    )
    from booking_lab.locks.mutex import Mutex
    from booking_lab.locks.redis_counters import RedisCounters
    from booking_lab.locks.redis_lock import RedisLease, RedisLock
    from booking_lab.locks.redlock import Redlock

__all__ = [
    "INTERNAL",
    "Anchor",
    "Announce",
    "Anomaly",
    "Attempt",
    "Attempts",
    "BookingLabError",
    "BookingNotFound",
    "Busy",
    "Capability",
    "ChangeRequest",
    "CommitUnknown",
    "Conflict",
    "FencedOff",
    "InvalidRequest",
    "LabWorkload",
    "Lease",
    "LeaseEnded",
    "Lock",
    "LockTimeout",
    "Mutex",
    "NotFound",
    "NotHeld",
    "Overlaps",
    "RedisCounters",
    "RedisLease",
    "RedisLock",
    "Redlock",
    "Refused",
    "Request",
    "Retry",
    "Retryable",
    "Row",
    "Scenario",
    "Seconds",
    "Servers",
    "Session",
    "SoldOut",
    "StepKind",
    "Strategy",
    "Superseded",
    "SupportsBatch",
    "SupportsChoice",
    "SupportsConditionalWrite",
    "SupportsConstraint",
    "SupportsCounts",
    "Taken",
    "TimedOut",
    "Unavailable",
    "Violated",
    "Violation",
    "existing_booking",
]

#: The module of each name.
_MODULES = {
    name: module
    for module, names in {
        "core.anchor": ("Anchor",),
        "core.attempt": ("Attempt",),
        "core.capability": (
            *("Capability", "SupportsBatch", "SupportsChoice", "SupportsConditionalWrite"),
            *("SupportsConstraint", "SupportsCounts"),
        ),
        "core.lab_workload": ("LabWorkload", "Violation"),
        "core.lease": ("Announce", "Lease", "Lock", "Servers"),
        "core.retry": ("Attempts", "Retry", "Seconds"),
        "core.scenario": ("ChangeRequest", "Scenario", "existing_booking"),
        "core.step": ("StepKind",),
        "core.strategy": ("Anomaly", "Strategy"),
        "core.workload": ("INTERNAL", "Request", "Row", "Session"),
        "errors": (
            *("BookingLabError", "BookingNotFound", "Busy", "CommitUnknown", "Conflict"),
            *("FencedOff", "InvalidRequest", "LeaseEnded", "LockTimeout", "NotFound", "NotHeld"),
            *("Overlaps", "Refused", "Retryable", "SoldOut", "Superseded", "Taken", "TimedOut"),
            *("Unavailable", "Violated"),
        ),
        "locks.mutex": ("Mutex",),
        "locks.redis_counters": ("RedisCounters",),
        "locks.redis_lock": ("RedisLease", "RedisLock"),
        "locks.redlock": ("Redlock",),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    """Import a public name; ``__version__`` is the version of the installed package."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("booking-lab")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found
