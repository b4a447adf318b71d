"""The report of a check, and its verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from booking_lab.checker.counterexample import Counterexample
from booking_lab.checker.database import Comparison
from booking_lab.checker.operation import Operation
from booking_lab.core.verdict import Verdict, combined


class ProblemKind(StrEnum):
    """The kind of a problem.

    ``SOLD_TWICE``: more was confirmed than there was. ``REFUSED_WHILE_FREE``: a customer was
    refused a thing that was free during the whole request. ``CONTRADICTORY``: anything else, such
    as one booking that was cancelled twice.
    """

    SOLD_TWICE = "sold twice"
    REFUSED_WHILE_FREE = "refused while free"
    CONTRADICTORY = "contradictory"


@dataclass(frozen=True)
class OrderProblem:
    """Answers that no order explains.

    Attributes:
        kind: the kind.
        workload, scope: the workload and the scope.
        anchors: the anchors of the counterexample.
        counterexample: few operations that no order explains.
        of: the number of operations in the group.
    """

    kind: ProblemKind
    workload: str
    scope: str
    anchors: Sequence[str]
    counterexample: Counterexample
    of: int

    @property
    def operations(self) -> Sequence[Operation]:
        """The operations of the counterexample."""
        return self.counterexample.operations

    @property
    def stuck(self) -> Operation:
        """The first operation whose answer the longest order doesn't explain."""
        stuck = self.counterexample.result.stuck
        assert stuck
        return stuck


@dataclass(frozen=True)
class Undecided:
    """A group of operations without a result, and the reason."""

    workload: str
    scope: str
    anchors: Sequence[str]
    operations: int
    reason: str


@dataclass
class Report:
    """The results of a check so far.

    Attributes:
        operations: the number of bookings, moves and cancellations.
        workers: the number of workers that recorded.
        seconds: the time from the first to the last event.
        truncated: whether the history has incomplete lines.
        outcomes: the number of operations by outcome; ``unknown`` includes those without an answer.
        checked: the number of answers in groups with a result.
        groups: the number of groups with a result.
        overlapping: operations that began while another one on an anchor of theirs was under way,
            if one of the two may have booked.
        problems: answers that no order explains.
        undecided: groups without a result.
        unchecked: the number of operations that were left out, by the reason.
        database: the comparison with the database; none if there is none, see ``not_asked``.
        not_asked: the reason why there is no comparison.
        interrupted: whether the check was interrupted by Ctrl-C.
    """

    operations: int = 0
    workers: int = 0
    seconds: float = 0.0
    truncated: bool = False
    outcomes: Counter[str] = field(default_factory=Counter)
    checked: int = 0
    groups: int = 0
    overlapping: int = 0
    problems: list[OrderProblem] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)
    unchecked: Counter[str] = field(default_factory=Counter)
    database: Comparison | None = None
    not_asked: str = ""
    interrupted: bool = False

    @property
    def verdict(self) -> Verdict:
        """The verdict; ``SAFE`` requires results for all groups, and overlapping operations."""
        tested = self.overlapping and self.checked
        parts = [Verdict.SAFE if tested else Verdict.INCONCLUSIVE]
        if self.undecided or self.interrupted:
            parts.append(Verdict.UNKNOWN)
        if self.problems or (self.database and self.database.disagreements):
            parts.append(Verdict.WRONG)
        return combined(parts)

    @property
    def doubts(self) -> list[str]:
        """The reasons why the verdict is not ``SAFE``, although nothing is wrong."""
        doubts = [f"{one.operations:,} operations: {one.reason}" for one in self.undecided]
        if self.interrupted:
            doubts.append("the check was interrupted")
        if not self.checked:
            doubts.append("nothing could be checked")
        elif not self.overlapping:
            doubts.append("no two operations on one anchor overlapped, so nothing was tried")
        return doubts
