"""The lab behind the current request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar, cast

from flask import current_app, g
from pydantic import BaseModel

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.db import flushes
from booking_lab.db.session import Session
from booking_lab.errors import (
    InvalidOptions,
    NotFound,
    Overloaded,
    PluginFault,
    TimedOut,
    Unavailable,
    shown,
)
from booking_lab.runtime import selection
from booking_lab.runtime.engine import Wish
from booking_lab.runtime.lab import Lab
from booking_lab.runtime.selection import Selection

T = TypeVar("T")
W = TypeVar("W", bound=LabWorkload)

_SCOPE = "SELECT 1 FROM resets WHERE scope = %(scope)s AND workload = ANY (%(kinds)s) LIMIT 1"


def lab() -> Lab:
    """Return the lab of this process."""
    return cast(Lab, current_app.extensions["lab"])


def workload_of(kind: type[W]) -> W:
    """Return the lab's workload of this kind: the same one for every address."""
    found = lab().workloads.get(kind.name)
    assert isinstance(found, kind)
    return found


@contextmanager
def read_session_and_selection() -> Iterator[tuple[Session, Selection]]:
    """Lend a connection of the read pool, with the current selection."""
    with lab().reads.session(selection.read) as lent:
        yield lent


def complete_ledger() -> Sequence[str]:
    """Have every worker write its ledger; return those that did not in time."""
    return flushes.complete(read_session)


@contextmanager
def read_session() -> Iterator[Session]:
    """Lend a connection of the read pool for a moment."""
    with read_session_and_selection() as (session, _):
        yield session


@contextmanager
def slot_for_waiting() -> Iterator[Callable[[], AbstractContextManager[Session]]]:
    """Let the request wait for bookings or for locks; yields what opens a connection for it.

    Its connections are its own: with one of the read pool, it would keep readers waiting, too.

    Raises:
        Overloaded: too many wait already.
    """
    if not lab().waits.acquire(blocking=False):
        raise Overloaded(
            "Too many switches, resets and races wait in this worker already; nothing was "
            "changed. Try again shortly."
        )
    try:
        yield lab().connector.session
    finally:
        lab().waits.release()


def booking_context(strategy: str | None, options: dict[str, object] | None) -> Wish:
    """Return what a booking of this request wants.

    Raises:
        UnknownStrategy, InvalidOptions: the request's strategy isn't one.
    """
    if strategy is None:
        if options is not None:
            raise InvalidOptions("These options belong to no strategy; name one beside them.")
        return Wish(g.trace_id)
    entry = lab().registry.get(strategy)
    return Wish(g.trace_id, (entry, entry.make(options or {})))


def check_scope(session: Session, kind: str | None, scope: str | None) -> None:
    """Check that there is ``scope`` in ``kind``, or in any kind.

    Raises:
        UnknownKind: there is no such kind.
        NotFound: there is no such scope.
    """
    asked = [lab().workloads.get(kind)] if kind else list(lab().workloads)
    names = [workload.name for workload in asked]
    if scope is None or session.execute(_SCOPE, {"scope": scope, "kinds": names}):
        return
    raise NotFound(
        f"There is no scope {scope!r} of {kind or 'any kind'}; GET /admin/workloads lists them."
    )


class BrokenKind(BaseModel):
    """A workload whose own code failed, so that its answer is missing."""

    kind: str
    reason: str


def ask_workloads(
    question: Callable[[LabWorkload], T], kind: str | None = None
) -> tuple[dict[str, T], list[BrokenKind]]:
    """Put ``question`` to the workload called ``kind``, or to all.

    Returns:
        The answers by name, and those of whom there is none because their own code failed. A bug
        of one hides nothing of the others.

    Raises:
        UnknownKind: there is no such workload.
        PluginFault: the only one that was asked failed.
    """
    if kind:
        return {kind: ask_workload(question, lab().workloads.get(kind))}, []
    answers: dict[str, T] = {}
    broken = []
    for workload in lab().workloads:
        try:
            answers[workload.name] = ask_workload(question, workload)
        except PluginFault as error:
            broken.append(BrokenKind(kind=workload.name, reason=error.message))
    return answers, broken


def ask_workload(question: Callable[[LabWorkload], T], workload: LabWorkload) -> T:
    """Return what ``workload`` answers; a bug of its own is told by its name.

    Raises:
        PluginFault: its code failed.
    """
    try:
        return question(workload)
    except (TimedOut, Unavailable):
        raise
    except (Exception, SystemExit) as error:  # whatever a plug-in's author did
        reason = " ".join(shown(error, str).split())
        raise PluginFault(
            f"The workload {workload.name} failed: {type(error).__name__}: {reason}"
        ) from error
