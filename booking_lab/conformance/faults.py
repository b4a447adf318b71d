"""The check of a strategy under faults, which one test module for each kind of fault uses."""

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

#: The nemeses that can't strike every strategy: some use no lock outside PostgreSQL or never wait.
_NOT_ALL = (*LOCK_NEMESES, "impatience")
#: The order in which nemeses are tried for the anomalies that a strategy allows under faults.
NEMESES = (*LOCK_NEMESES, "death", "loss", "impatience")


def fault_questions(subject: Subject, workload: LabWorkload, nemesis: str) -> Sequence[Question]:
    """Return the explorations with a nemesis.

    They have two bookers in the plainest scenario, two in scenarios in which they share a part of
    their things or change bookings, and three that want the same thing. The nemesis strikes once,
    between any two moves.
    """
    return (
        Question(subject, workload, nemesis=nemesis),
        Question(subject, workload, nemesis=nemesis, everything=True),
        Question(subject, workload, bookers=3, nemesis=nemesis, everything=True),
    )


def check_promise_under_fault(
    subject: Subject, workload: LabWorkload, nemesis: str, explored: Explore
) -> None:
    """Check ``allows`` and ``allows_under_faults``, and that every booker gets a valid answer."""
    if nemesis in LOCK_NEMESES and not subject.servers:
        pytest.skip(f"{subject.name} needs no Redis, so it has nothing to lose there")
    for asked in fault_questions(subject, workload, nemesis):
        found = explored(asked, enough=partial(_shows_the_fault, asked))
        if not found.struck:
            nothing = f"{nemesis} never strikes: {subject.name} has nothing there to lose"
            # Every booker can die, and every COMMIT has an answer.
            pytest.skip(nothing) if nemesis in _NOT_ALL else pytest.fail(nothing)
        if broken := broken_promises(asked, found):
            pytest.fail(broken, pytrace=False)
        if found.answered_wrongly:
            pytest.fail(f"This answer is not valid.\n{found.answered_wrongly}", pytrace=False)


def _shows_the_fault(asked: Question, found: ExplorationFindings) -> bool:
    """Whether the strategy fails already, whatever the other scenarios show."""
    return bool(found.struck and (broken_promises(asked, found) or found.answered_wrongly))
