"""The answer to a COMMIT is lost on its way: it was carried out, and nobody says so."""

from __future__ import annotations

from booking_lab.conformance import faults
from booking_lab.conformance.exploring import Explore
from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload


def test_keeps_its_word_when_an_answer_is_lost(
    subject: Subject, workload: LabWorkload, explored: Explore
) -> None:
    """Whoever is told to have a booking has one, and who is told to have none has none."""
    faults.check_promise_under_fault(subject, workload, "loss", explored)
