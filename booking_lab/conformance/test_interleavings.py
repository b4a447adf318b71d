"""The interleavings of a few bookers show exactly the anomalies that the strategy allows."""

from __future__ import annotations

from functools import partial
from operator import attrgetter

import pytest

from booking_lab.conformance.exploring import PATIENT, Explore, Question, broken_promises
from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.workloads import Workloads


def test_lets_nothing_through_that_it_does_not_allow(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """Two bookers in all scenarios; in the plainest one with one more preemption."""
    for everything in (True, False):
        question = Question(subject, workload, everything=everything)
        _keeps_its_word(question, explored)


def test_lets_nothing_through_with_three_bookers(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """Three bookers that want the same thing can show anomalies that two can't."""
    _keeps_its_word(Question(subject, workload, bookers=3, everything=True), explored)


def _keeps_its_word(question: Question, explored: Explore) -> None:
    found = explored(question, enough=partial(broken_promises, question))
    if broken := broken_promises(question, found):
        pytest.fail(broken, pytrace=False)


def test_shows_each_anomaly_that_it_allows(
    subject: Subject, workloads: Workloads, explored: Explore
) -> None:
    """Each anomaly that it allows shows on some workload."""
    if not subject.kind.allows:
        pytest.skip(f"{subject.name} allows nothing")
    missing = set(subject.kind.allows)
    # An anomaly may be rare, so the plainest scenarios are explored more deeply before the failure.
    for depth in (None, PATIENT):
        for workload in workloads:
            if missing and not subject.lacks(workload):
                asked = Question(subject, workload, everything=depth is None)
                missing -= set(explored(asked, depth).shown)
    assert not missing, f"{subject.name} allows {', '.join(missing)}, which no schedule shows"


def test_says_why_bookers_who_share_nothing_are_in_each_others_way(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """A strategy may lock more than it needs, but has to declare it in ``serialises``."""
    if subject.kind.serialises:
        return
    found = explored(Question(subject, workload, everything=True), enough=attrgetter("serialised"))
    if found.serialised:
        message = f"{subject.name} doesn't say why (serialises), and here they are."
        pytest.fail(f"{message}\n{found.serialised}", pytrace=False)


def test_shows_that_it_serialises_if_it_says_so(
    subject: Subject, workloads: Workloads, explored: Explore
) -> None:
    """A strategy that declares ``serialises`` shows it in some schedule."""
    if not subject.kind.serialises:
        pytest.skip(f"{subject.name} declares no reason (serialises)")
    there = [Question(subject, one, everything=True) for one in workloads if not subject.lacks(one)]
    serialised = attrgetter("serialised")
    shown = any(serialised(explored(question, enough=serialised)) for question in there)
    assert shown, f"{subject.name} says why (serialises), and no schedule shows it"


def test_every_booker_gets_an_answer(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """Without faults, each booker is confirmed or refused, or has a conflict or a timeout.

    The exploration itself fails if a booker does not end.
    """
    question = Question(subject, workload, everything=True)
    found = explored(question, enough=attrgetter("answered_wrongly"))
    if found.answered_wrongly:
        pytest.fail(f"This answer is not valid.\n{found.answered_wrongly}", pytrace=False)
    assert found.confirmed, f"In {found.schedules} schedules no booking was confirmed"


def test_announces_each_message_as_a_step(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """A step sends one message; otherwise the explorer would miss interleavings within it."""
    question = Question(subject, workload, everything=True)
    found = explored(question, enough=attrgetter("unannounced"))
    if found.unannounced:
        pytest.fail(f"A step here sends several messages.\n{found.unannounced}", pytrace=False)
