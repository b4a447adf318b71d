"""A crowd of customers over HTTP, on the four workers of a running lab."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from booking_lab.conformance.contest import Contest, fail_on_broken_promise, is_clean, overlapping
from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.crowd.client import Customer
from booking_lab.stack import RunningLab
from booking_lab.workloads import Workloads

_CUSTOMERS = 8
_ROUNDS = 4
#: An anomaly that a strategy allows has to show within this number of rounds on each workload.
_ROUNDS_AT_MOST = 20


def _contest(lab: RunningLab, subject: Subject, workload: LabWorkload) -> Contest:
    return Contest(lab, subject, workload, subject.scenarios(workload, _CUSTOMERS)[0])


def test_keeps_its_word_in_a_crowd(
    subject: Subject, workload: LabWorkload, lab: RunningLab
) -> None:
    """The audit shows no anomaly that it doesn't allow, and each customer gets a valid answer."""
    contest = _contest(lab, subject, workload)
    with contest.customers() as crowd, Customer(lab.url) as admin:
        overlaps = confirmed = 0
        for _ in range(_ROUNDS):
            contest.reset(admin)
            answers = crowd.book_at_once()
            assert all(map(is_clean, answers)), [one.body for one in answers if not is_clean(one)]
            overlaps += overlapping(answers)
            confirmed += sum(answer.confirmed for answer in answers)
            fail_on_broken_promise(subject, contest.findings(admin))
    assert overlaps, "No two bookings overlapped, so this test shows nothing"
    assert confirmed, "No booking was confirmed"


def test_keeps_its_word_in_a_race(subject: Subject, workload: LabWorkload, lab: RunningLab) -> None:
    """All customers meet between decide and write, if the strategy allows it."""
    with Customer(lab.url) as admin:
        race = _contest(lab, subject, workload).race(admin)
    assert race["verdict"] == "safe" or race["anomaly"] in subject.kind.allows, race


def test_shows_what_it_allows_in_a_crowd(
    subject: Subject, workloads: Workloads, lab: RunningLab
) -> None:
    """Each anomaly that it allows shows within a few rounds."""
    missing = set(subject.kind.allows)
    if not missing:
        pytest.skip(f"{subject.name} allows nothing")
    with Customer(lab.url) as admin, ExitStack() as held:
        contests = [_contest(lab, subject, one) for one in workloads if not subject.lacks(one)]
        crowds = [held.enter_context(contest.customers()) for contest in contests]
        for contest, crowd in list(zip(contests, crowds, strict=True)) * _ROUNDS_AT_MOST:
            if missing:
                contest.reset(admin)
                crowd.book_at_once()
                missing -= contest.findings(admin).keys()
    assert not missing, f"{subject.name} allows {', '.join(missing)}, which no round showed"
