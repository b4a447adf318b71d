"""Access of a request to the lab: its workloads, its read sessions and its selection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar, cast

from flask import current_app, g
from pydantic import BaseModel

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.db import flushes
from booking_lab.db.session import PostgresSession
from booking_lab.errors import (
    InvalidOptions,
    NotFound,
    Overloaded,
    PluginFault,
    TimedOut,
    Unavailable,
    safe_text,
)
from booking_lab.runtime import selection
from booking_lab.runtime.engine import BookingContext
from booking_lab.runtime.lab import Lab
from booking_lab.runtime.selection import Selection

T = TypeVar("T")
W = TypeVar("W", bound=LabWorkload)

_SCOPE = "SELECT 1 FROM resets WHERE scope = %(scope)s AND workload = ANY (%(kinds)s) LIMIT 1"


def lab() -> Lab:
    """Return the lab of this process."""
    return cast(Lab, current_app.extensions["lab"])


def workload_of(kind: type[W]) -> W:
    """Return the lab's workload of this class."""
    found = lab().workloads.get(kind.name)
    assert isinstance(found, kind)
    return found


@contextmanager
def read_session_and_selection() -> Iterator[tuple[PostgresSession, Selection]]:
    """Borrow a session of the read pool for the block, with the current selection."""
    with lab().reads.session(selection.read) as lent:
        yield lent


def complete_ledger() -> Sequence[str]:
    """Ask every worker to write its ledger; return the workers that did not in time."""
    return flushes.flush_all(read_session)


@contextmanager
def read_session() -> Iterator[PostgresSession]:
    """Borrow a session of the read pool for the block."""
    with read_session_and_selection() as (session, _):
        yield session


@contextmanager
def slot_for_waiting() -> Iterator[Callable[[], AbstractContextManager[PostgresSession]]]:
    """Reserve one of the few slots for requests that wait for bookings or for locks.

    Such a request has connections of its own. If it used the read pool, it would delay readers.

    Yields:
        A function that opens a connection.

    Raises:
        Overloaded: all slots are in use.
    """
    if not lab().blocking_slots.acquire(blocking=False):
        raise Overloaded(
            "Too many switches, resets and races wait in this worker already; nothing was "
            "changed. Try again shortly."
        )
    try:
        yield lab().connector.session
    finally:
        lab().blocking_slots.release()


def booking_context(strategy: str | None, options: dict[str, object] | None) -> BookingContext:
    """Return the trace id of this request, and the strategy that it names.

    Raises:
        UnknownStrategy: there is no such strategy.
        InvalidOptions: the options don't fit the strategy, or there is none.
    """
    if strategy is None:
        if options is not None:
            raise InvalidOptions("Options need a strategy; send 'strategy' with them.")
        return BookingContext(g.trace_id)
    entry = lab().registry.get(strategy)
    return BookingContext(g.trace_id, (entry, entry.create(options or {})))


def check_scope(session: PostgresSession, kind: str | None, scope: str | None) -> None:
    """Check that ``kind``, or any kind, has a scope called ``scope``.

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
    """A workload whose own code failed; its part of the answer is missing."""

    kind: str
    reason: str


def ask_workloads(
    question: Callable[[LabWorkload], T], kind: str | None = None
) -> tuple[dict[str, T], list[BrokenKind]]:
    """Call ``question`` with the workload called ``kind``, or with each workload.

    Returns:
        The answers by name, and the workloads whose own code failed. The failure of one workload
        does not affect the others.

    Raises:
        UnknownKind: there is no such workload.
        PluginFault: the code of the workload called ``kind`` failed.
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
    """Call ``question`` with ``workload``, and return its answer.

    Raises:
        PluginFault: the code of the workload failed; the error names the workload.
    """
    try:
        return question(workload)
    except (TimedOut, Unavailable):
        raise
    except (Exception, SystemExit) as error:  # a plug-in may raise anything
        reason = " ".join(safe_text(error, str).split())
        raise PluginFault(
            f"The workload {workload.name} failed: {type(error).__name__}: {reason}"
        ) from error
