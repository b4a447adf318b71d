"""A worker is killed while customers book and cancel: what they were told stands."""

from __future__ import annotations

import os
import signal

from booking_lab.conformance.contest import Contest, against_its_word
from booking_lab.conformance.load import Load, eventually
from booking_lab.conformance.service import let_leases_expire
from booking_lab.conformance.subjects import Subject
from booking_lab.crowd import Customer
from booking_lab.stack import RunningLab
from booking_lab.workloads import Workloads

_CUSTOMERS = 6
#: Confirmed bookings before the kill, and after.
_BOOKINGS = 8


def test_keeps_its_word_when_a_worker_is_killed(
    subject: Subject, workloads: Workloads, lab: RunningLab
) -> None:
    """Answers and database agree, and others book on: no lock outlives its holder for ever."""
    workload = next(one for one in workloads if not subject.lacks(one))
    contest = Contest(lab, subject, workload, subject.scenarios(workload, _CUSTOMERS)[0])
    load = Load(lab.url, contest.bodies)
    with Customer(lab.url) as admin:
        # What the lab does in the background, it does for the current strategy.
        admin.post("/admin/strategy", {"strategy": subject.name})
        contest.reset(admin)
    with load.running():
        load.until(_BOOKINGS)
        os.kill(int(load.worker.rpartition("/")[2]), signal.SIGKILL)
        eventually(lambda: load.cut_off, "a customer whose worker died")
        let_leases_expire([lab.redis_url, *lab.redlock_urls])
        load.until(_BOOKINGS)
    assert load.statuses <= {200, 201, 409, 503}
    with Customer(lab.url) as admin:
        told = {id_ for id_ in load.stands if id_ not in load.unknown}
        shown = {id_: admin.get(f"/api/bookings/{id_}").get("status") for id_ in told}
        expected = {id_: "confirmed" if load.stands[id_] else "cancelled" for id_ in told}
        assert shown == expected
        # Where two may have the same thing, the first to cancel leaves the other with nothing.
        if not subject.kind.allows | subject.kind.allows_under_faults:
            against_its_word(subject, contest.wrong(admin))
