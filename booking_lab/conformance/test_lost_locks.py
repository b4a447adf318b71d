"""A lock expires while its holder works, or Redis loses its memory."""

from __future__ import annotations

from itertools import product

import pytest

from booking_lab.conformance import faults
from booking_lab.conformance.exploring import PATIENT, Explore
from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.workloads import Workloads


@pytest.mark.parametrize("nemesis", faults.LOCK_NEMESES)
def test_keeps_its_word_when_a_lock_is_lost(
    subject: Subject, workload: LabWorkload, nemesis: str, explored: Explore
) -> None:
    """No anomaly shows except those that it allows under faults."""
    faults.check_promise_under_fault(subject, workload, nemesis, explored)


def test_shows_each_anomaly_that_it_allows_under_faults(
    subject: Subject, workloads: Workloads, explored: Explore
) -> None:
    """Each anomaly that it allows under faults shows with some nemesis."""
    missing = set(subject.kind.allows_under_faults)
    if not missing:
        pytest.skip(f"{subject.name} allows no more under faults than without")
    # An anomaly may be rare, so the exploration is deeper before the failure.
    for depth, nemesis in product((None, PATIENT), faults.NEMESES):
        if nemesis in faults.LOCK_NEMESES and not subject.servers:
            continue
        for workload in workloads:
            if missing and not subject.lacks(workload):
                plainest, *_ = faults.fault_questions(subject, workload, nemesis)
                missing -= set(explored(plainest, depth).shown)
    assert not missing, f"No fault shows {', '.join(missing)}, which {subject.name} allows then"
