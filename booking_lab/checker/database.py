"""Compares what customers were told with what the database says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from booking_lab.checker.operation import Effect, Operation
from booking_lab.checker.parsed_history import History
from booking_lab.core.booking import Outcome
from booking_lab.core.lab_workload import Finding, LabWorkload
from booking_lab.core.workload import Session
from booking_lab.db.identity import identity

_ATTEMPTS = """
SELECT workload, scope, id::text, subject, customer_id FROM attempts WHERE outcome = 'confirmed'
"""

_WORKLOADS = "SELECT DISTINCT workload FROM resets"

Scope = tuple[str, str]


@dataclass(frozen=True)
class ConfirmedAttempt:
    """An attempt that stands, as the database has it."""

    id: str
    subject: str
    customer: str


@dataclass(frozen=True)
class DatabaseSnapshot:
    """What a database says at one moment.

    Attributes:
        database: which one it is.
        confirmed: the attempts that stand, by workload and scope.
        findings: everything that is wrong, by workload.
    """

    database: str
    confirmed: Mapping[Scope, Mapping[str, ConfirmedAttempt]]
    findings: Mapping[str, Sequence[Finding]]


@dataclass(frozen=True)
class Disagreement:
    """Something on which the answers and the database differ, or the database with itself.

    Attributes:
        kind: ``lost``: confirmed, and the database knows nothing of it. ``stands``: not confirmed,
            and it took effect all the same. ``unrecorded``: it took effect, and was not recorded.
            Else what the lab's own audit calls it.
        workload, scope, subject: what it is about.
        detail: in words.
    """

    kind: str
    workload: str
    scope: str
    subject: str
    detail: str


@dataclass(frozen=True)
class Comparison:
    """What came out of comparing.

    Attributes:
        compared: answers that were compared.
        disagreements: what differs.
        left_out: scopes that weren't compared, and why.
    """

    compared: int
    disagreements: Sequence[Disagreement]
    left_out: Sequence[str]


def read(session: Session, workloads: Iterable[LabWorkload]) -> DatabaseSnapshot:
    """Read the books, all of one moment.

    Do it before the history is read: then every booking in the books is in the history, too, though
    the lab goes on booking.
    """
    session.begin("REPEATABLE READ")
    try:
        confirmed: dict[Scope, dict[str, ConfirmedAttempt]] = defaultdict(dict)
        for workload, scope, *row in session.execute(_ATTEMPTS):
            confirmed[workload, scope][row[0]] = ConfirmedAttempt(*row)
        there = {name for (name,) in session.execute(_WORKLOADS)}
        findings = {one.name: one.findings(session) for one in workloads if one.name in there}
        return DatabaseSnapshot(identity(session), confirmed, findings)
    finally:
        session.rollback()


def compare(history: History, snapshot: DatabaseSnapshot, known_until: int) -> Comparison:
    """Compare what was recorded since the last reset of each scope.

    Args:
        history: read after the books.
        books: of the database on which it was recorded.
        known_until: how long the file was before the books were read. What was answered after that
            may be in the books or not.
    """
    compared, found, left_out = 0, list[Disagreement](), list[str]()
    recorded = {one.process for one in history.operations}
    for (workload, scope), operations in _by_scope(history, snapshot.database).items():
        name = f"{workload} {scope}"
        resets = [one for one in operations if one.action == "reset"]
        if any(not _is_final(one, known_until) for one in resets):
            left_out.append(f"{name}: a reset was under way")
            continue
        done = [one for one in resets if one.effect is Effect.HAPPENED]
        since = max((one.returned or 0 for one in done), default=None)
        if since is None and history.available(snapshot.database, *_of(operations)) is None:
            left_out.append(f"{name}: there were bookings before the recording began")
            continue
        answers = [
            one
            for one in operations
            if one.request and one.invoked > (since or 0) and _is_final(one, known_until)
        ]
        compared += len(answers)
        standing = snapshot.confirmed.get((workload, scope), {})
        found += _answers(answers, standing)
        found += _unrecorded(workload, scope, standing, recorded)
        found += [
            Disagreement(one.anomaly, workload, scope, one.subject, one.detail)
            for one in snapshot.findings.get(workload, ())
            if one.scope == scope
        ]
    return Comparison(compared, found, left_out)


def _by_scope(history: History, database: str) -> Mapping[Scope, list[Operation]]:
    scopes: dict[Scope, list[Operation]] = defaultdict(list)
    for one in history.operations:
        if one.database == database:
            scopes[one.workload, one.scope].append(one)
    return scopes


def _of(operations: Sequence[Operation]) -> tuple[str, str, Sequence[Operation]]:
    return operations[0].workload, operations[0].scope, operations


def _is_final(operation: Operation, known_until: int) -> bool:
    """Whether it was answered before the books were read."""
    return operation.answered_at is not None and operation.answered_at <= known_until


def _answers(
    operations: Iterable[Operation], standing: Mapping[str, ConfirmedAttempt]
) -> Iterator[Disagreement]:
    for one in operations:
        stands = one.process in standing
        who = f"{one.customer} was told {one.outcome} ({one.action}, attempt {one.process})"
        about = (one.workload, one.scope, one.subject)
        if one.effect is Effect.HAPPENED and not stands:
            yield Disagreement("lost", *about, f"{who}, and the database does not know of it")
        if one.effect in (Effect.NONE, Effect.REFUSED) and stands:
            yield Disagreement("stands", *about, f"{who}, and it took effect")


def _unrecorded(
    workload: str, scope: str, standing: Mapping[str, ConfirmedAttempt], recorded: set[str]
) -> Iterator[Disagreement]:
    for one in standing.values():
        if one.id not in recorded:
            detail = f"{one.customer} is {Outcome.CONFIRMED}, and was not recorded"
            yield Disagreement(
                "unrecorded", workload, scope, one.subject, f"{detail} (attempt {one.id})"
            )
