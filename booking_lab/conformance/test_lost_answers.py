"""The answer to a COMMIT gets lost."""

from __future__ import annotations

from booking_lab.conformance import faults
from booking_lab.conformance.exploring import Explore
from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload


def test_keeps_its_word_when_an_answer_is_lost(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """Confirmed bookings exist, and refused ones don't."""
    faults.check_promise_under_fault(subject, workload, "loss", explored)
