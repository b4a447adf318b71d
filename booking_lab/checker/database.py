"""Compares the answers in a history with the database."""

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
    """A confirmed attempt in the database."""

    id: str
    subject: str
    customer: str


@dataclass(frozen=True)
class DatabaseSnapshot:
    """The facts of a database at one moment.

    Attributes:
        database: the identity of the database.
        confirmed: the confirmed attempts, by workload and scope.
        findings: the audit's findings, by workload.
    """

    database: str
    confirmed: Mapping[Scope, Mapping[str, ConfirmedAttempt]]
    findings: Mapping[str, Sequence[Finding]]


@dataclass(frozen=True)
class Disagreement:
    """A difference between the answers and the database, or a finding of the audit.

    Attributes:
        kind: ``lost``: confirmed, but missing in the database. ``stands``: not confirmed, but it
            took effect. ``unrecorded``: it took effect, but is missing in the history. Any other
            kind is an anomaly by the audit.
        workload, scope, subject: the thing that it concerns.
        detail: the difference in words.
    """

    kind: str
    workload: str
    scope: str
    subject: str
    detail: str


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison.

    Attributes:
        compared: the number of compared answers.
        disagreements: the differences.
        left_out: the scopes that were not compared, each with the reason.
    """

    compared: int
    disagreements: Sequence[Disagreement]
    left_out: Sequence[str]


def read(session: Session, workloads: Iterable[LabWorkload]) -> DatabaseSnapshot:
    """Read the facts of a database in one snapshot.

    Call it before the history is read. Then the history has every booking of the snapshot, even if
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
    """Compare the answers since the last reset of each scope with a database.

    Args:
        history: the history, read after the snapshot.
        snapshot: the facts of the database that the history was recorded on.
        known_until: the size of the file, in bytes, before the snapshot was read. Later answers may
            be in the snapshot or not.
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
    """Return whether it was answered before the snapshot was read."""
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
