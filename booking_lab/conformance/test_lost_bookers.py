"""The process of a booker dies between two steps."""

from __future__ import annotations

from booking_lab.conformance import faults
from booking_lab.conformance.exploring import Explore
from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload


def test_keeps_its_word_when_a_booker_dies(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """Its connection is closed, its locks stay until they expire, and the others get an answer."""
    faults.check_promise_under_fault(subject, workload, "death", explored)
