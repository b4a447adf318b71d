"""The interleavings of a few bookers show what the strategy says of itself, no more and no less."""

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
    """Two bookers, in all that they can contend for; in the plainest with one more interruption."""
    for everything in (True, False):
        question = Question(subject, workload, everything=everything)
        _keeps_its_word(question, explored)


def test_lets_nothing_through_with_three_bookers(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """A third one can do what two can't, where all want the same."""
    _keeps_its_word(Question(subject, workload, bookers=3, everything=True), explored)


def _keeps_its_word(question: Question, explored: Explore) -> None:
    found = explored(question, enough=partial(broken_promises, question))
    if broken := broken_promises(question, found):
        pytest.fail(broken, pytrace=False)


def test_shows_each_anomaly_that_it_allows(
    subject: Subject, workloads: Workloads, explored: Explore
) -> None:
    """Who says that something can happen has to be right: it is shown on some workload."""
    if not subject.kind.allows:
        pytest.skip(f"{subject.name} allows nothing")
    missing = set(subject.kind.allows)
    # It may be rare: before anybody is called wrong, the plainest contests are looked at with more
    # patience.
    for depth in (None, PATIENT):
        for workload in workloads:
            if missing and not subject.lacks(workload):
                asked = Question(subject, workload, everything=depth is None)
                missing -= set(explored(asked, depth).shown)
    assert not missing, f"{subject.name} allows {', '.join(missing)}, which no schedule shows"


def test_says_why_bookers_who_share_nothing_are_in_each_others_way(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """To lock more than is needed is not wrong, but has to be said: ``serialises``."""
    if subject.kind.serialises:
        return
    found = explored(Question(subject, workload, everything=True), enough=attrgetter("serialised"))
    if found.serialised:
        said = f"{subject.name} doesn't say why (serialises), and here they are."
        pytest.fail(f"{said}\n{found.serialised}", pytrace=False)


def test_shows_that_it_serialises_if_it_says_so(
    subject: Subject, workloads: Workloads, explored: Explore
) -> None:
    """Who says that bookers who share nothing are in each other's way has to be right."""
    if not subject.kind.serialises:
        pytest.skip(f"{subject.name} says that who shares nothing is in nobody's way")
    there = [Question(subject, one, everything=True) for one in workloads if not subject.lacks(one)]
    serialised = attrgetter("serialised")
    shown = any(serialised(explored(question, enough=serialised)) for question in there)
    assert shown, f"{subject.name} says why (serialises), and no schedule shows it"


def test_every_booker_gets_an_answer(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """Confirmed, refused, in conflict or out of time: where nothing breaks, nobody hears of errors.

    Exploring itself fails if somebody comes to no end.
    """
    question = Question(subject, workload, everything=True)
    found = explored(question, enough=attrgetter("answered_wrongly"))
    if found.answered_wrongly:
        pytest.fail(f"This is no answer for a booker.\n{found.answered_wrongly}", pytrace=False)
    assert found.confirmed, f"In {found.schedules} schedules nobody got anything"


def test_announces_each_message_as_a_step(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """What is sent within one step can't be interrupted, so the explorer would miss schedules."""
    question = Question(subject, workload, everything=True)
    found = explored(question, enough=attrgetter("unannounced"))
    if found.unannounced:
        pytest.fail(f"A step here is several messages.\n{found.unannounced}", pytrace=False)
