"""What a strategy is held to when something goes wrong; one module of tests a kind of fault."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from booking_lab.conformance.exploring import (
    ExplorationFindings,
    Explore,
    Question,
    broken_promises,
)
from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.explorer.search.depth import LOCK_NEMESES

__all__ = ["LOCK_NEMESES", "NEMESES", "check_promise_under_fault", "fault_questions"]

#: These befall only who has something to lose there, or ever waits.
_NOT_ALL = (*LOCK_NEMESES, "impatience")
#: In this order they are asked for what a strategy allows under faults.
NEMESES = (*LOCK_NEMESES, "death", "loss", "impatience")


def fault_questions(subject: Subject, workload: LabWorkload, nemesis: str) -> Sequence[Question]:
    """Two bookers in the plainest contest, two in others, three; a nemesis strikes once.

    At any moment at which it can. The two share things in part, or change bookings; the three want
    the same.
    """
    return (
        Question(subject, workload, nemesis=nemesis),
        Question(subject, workload, nemesis=nemesis, everything=True),
        Question(subject, workload, bookers=3, nemesis=nemesis, everything=True),
    )


def check_promise_under_fault(
    subject: Subject, workload: LabWorkload, nemesis: str, explored: Explore
) -> None:
    """Hold it to ``allows`` and ``allows_under_faults``, and everybody's answer to be clean."""
    if nemesis in LOCK_NEMESES and not subject.servers:
        pytest.skip(f"{subject.name} needs no Redis, so it has nothing to lose there")
    for asked in fault_questions(subject, workload, nemesis):
        found = explored(asked, enough=partial(_shows_the_fault, asked))
        if not found.struck:
            nothing = f"{nemesis} never strikes: {subject.name} has nothing there to lose"
            # Everybody can die, and who books has an answer to lose.
            pytest.skip(nothing) if nemesis in _NOT_ALL else pytest.fail(nothing)
        if broken := broken_promises(asked, found):
            pytest.fail(broken, pytrace=False)
        if found.answered_wrongly:
            pytest.fail(f"This is no answer for a booker.\n{found.answered_wrongly}", pytrace=False)


def _shows_the_fault(asked: Question, found: ExplorationFindings) -> bool:
    """Whether the strategy fails, however the contests that are left come out."""
    return bool(found.struck and (broken_promises(asked, found) or found.answered_wrongly))
