"""What there is to book when a history begins, and after a reset."""

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
    """A workload of which a number for each scope doesn't tell the state that a reset leaves."""

    def opening(self, session: Session, scope: str) -> Mapping[str, Any]:
        """Return what ``fresh`` of the workload needs to know of ``scope``, as JSON has it."""
        ...


class ResetRecording:
    """A reset under way: looks at what it has left before it is committed."""

    def __init__(self, workload: LabWorkload, scope: str, session: Session) -> None:
        self._workload, self._scope, self._session = workload, scope, session
        self.left: Mapping[str, Any] | None = None

    def record_remaining(self) -> None:
        """Take down what is left to book; call it in the transaction of the reset."""
        self.left = bookable_now(self._workload, self._scope, self._session)


def initial_facts(session: Session, workloads: Iterable[LabWorkload]) -> dict[str, Any]:
    """Which database this is, and where nothing was booked yet; of one moment."""
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
    """Return what ``fresh`` of the workload needs to know of a scope where nothing is booked."""
    if isinstance(workload, HasInitialFacts):
        return workload.opening(session, scope)
    return {name: n for name, n in workload.available(session).items() if name == scope}
