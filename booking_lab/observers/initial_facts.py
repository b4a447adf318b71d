"""The initial facts of a history: the things to book at its begin, and after a reset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.workload import Session
from booking_lab.db.identity import identity

_FRESH = """
SELECT workload, scope FROM resets WHERE NOT EXISTS (
    SELECT 1 FROM attempts WHERE attempts.workload = resets.workload
    AND attempts.scope = resets.scope AND outcome = 'confirmed')
"""


@runtime_checkable
class HasInitialFacts(Protocol):
    """A workload whose state after a reset is more than one number for each scope."""

    def opening(self, session: Session, scope: str) -> Mapping[str, Any]:
        """Return the facts of ``scope`` that the workload's ``fresh`` needs, as JSON."""
        ...


class ResetRecording:
    """The recording of a reset: it reads the things left to book before the reset commits.

    Attributes:
        left: the facts after the reset; none until they are read.
    """

    def __init__(self, workload: LabWorkload, scope: str, session: Session) -> None:
        self._workload, self._scope, self._session = workload, scope, session
        self.left: Mapping[str, Any] | None = None

    def record_remaining(self) -> None:
        """Record the things left to book; call it in the transaction of the reset."""
        self.left = bookable_now(self._workload, self._scope, self._session)


def initial_facts(session: Session, workloads: Iterable[LabWorkload]) -> dict[str, Any]:
    """Return the identity of the database, and the facts of scopes without bookings, as JSON.

    All of it comes from one snapshot.
    """
    known = {workload.name: workload for workload in workloads}
    session.begin("REPEATABLE READ")
    try:
        fresh: dict[str, dict[str, Any]] = {name: {} for name in known}
        for name, scope in session.execute(_FRESH):
            if name in known:
                fresh[name][scope] = bookable_now(known[name], scope, session)
        return {"database": identity(session), "fresh": fresh}
    finally:
        session.rollback()


def bookable_now(workload: LabWorkload, scope: str, session: Session) -> Mapping[str, Any]:
    """Return the facts of a scope without bookings that the workload's ``fresh`` needs."""
    if isinstance(workload, HasInitialFacts):
        return workload.opening(session, scope)
    return {name: n for name, n in workload.available(session).items() if name == scope}
