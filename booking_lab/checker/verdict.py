"""What a check comes to."""

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
    """What is wrong with answers that no order explains.

    ``SOLD_TWICE``: more was confirmed than there was. ``REFUSED_WHILE_FREE``: somebody was refused
    what nobody else had, all the time that he asked. ``CONTRADICTORY``: anything else, such as one
    booking that was cancelled twice.
    """

    SOLD_TWICE = "sold twice"
    REFUSED_WHILE_FREE = "refused while free"
    CONTRADICTORY = "contradictory"


@dataclass(frozen=True)
class OrderProblem:
    """Answers that no order explains.

    Attributes:
        kind: what is wrong.
        workload, scope: where.
        anchors: what they contended for.
        counterexample: the few that can't be explained.
        of: how many operations share these anchors.
    """

    kind: ProblemKind
    workload: str
    scope: str
    anchors: Sequence[str]
    counterexample: Counterexample
    of: int

    @property
    def operations(self) -> Sequence[Operation]:
        """The few that can't be explained."""
        return self.counterexample.operations

    @property
    def stuck(self) -> Operation:
        """The first answer that the longest order couldn't explain."""
        stuck = self.counterexample.result.stuck
        assert stuck
        return stuck


@dataclass(frozen=True)
class Undecided:
    """Operations of which nobody knows whether an order explains them, and why."""

    workload: str
    scope: str
    anchors: Sequence[str]
    operations: int
    reason: str


@dataclass
class Report:
    """What a check has found so far.

    Attributes:
        outcomes: how the operations were answered; ``unknown`` includes those that weren't.
        checked: answers in groups that have been decided; who wasn't answered was told nothing.
        groups: how many such groups.
        overlapping: operations that began while another one on an anchor of theirs was under way,
            if one of the two may have booked.
        problems: answers that no order explains.
        undecided: groups that could not be decided.
        unchecked: operations that were not looked at, by the reason.
        database: the comparison with the database; none: it wasn't asked, see ``not_asked``.
        interrupted: whether somebody pressed Ctrl-C.
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
        """The verdict; only what was decided and put to the test is safe."""
        tested = self.overlapping and self.checked
        parts = [Verdict.SAFE if tested else Verdict.INCONCLUSIVE]
        if self.undecided or self.interrupted:
            parts.append(Verdict.UNKNOWN)
        if self.problems or (self.database and self.database.disagreements):
            parts.append(Verdict.WRONG)
        return combined(parts)

    @property
    def doubts(self) -> list[str]:
        """Why it isn't safe, although nothing was found to be wrong."""
        doubts = [f"{one.operations:,} operations: {one.reason}" for one in self.undecided]
        if self.interrupted:
            doubts.append("the check was interrupted")
        if not self.checked:
            doubts.append("nothing could be checked")
        elif not self.overlapping:
            doubts.append("no two operations on one anchor overlapped, so nothing was tried")
        return doubts
