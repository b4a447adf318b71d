"""A wait lasts too long, while whom it is for is still at work."""

from __future__ import annotations

from booking_lab.conformance import faults
from booking_lab.conformance.exploring import Explore
from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload


def test_keeps_its_word_when_a_wait_ends(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """Who has waited in vain has waited for a reason: it must not book without what it is for."""
    faults.check_promise_under_fault(subject, workload, "impatience", explored)
