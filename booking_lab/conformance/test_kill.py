"""Workers are killed: one during a booking, and one while many customers book and cancel."""

from __future__ import annotations

import http.client
import os
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from booking_lab.conformance.contest import Contest, fail_on_broken_promise
from booking_lab.conformance.continuous_load import ContinuousLoad
from booking_lab.conformance.in_process_service import let_leases_expire
from booking_lab.conformance.subjects import Subject
from booking_lab.conformance.waiting import eventually
from booking_lab.crowd.client import Customer
from booking_lab.db.connector import Connector
from booking_lab.db.session import PostgresSession
from booking_lab.stack import RunningLab
from booking_lab.workloads import Workloads

_CUSTOMERS = 6
#: Confirmed bookings before the kill, and after.
_BOOKINGS = 4
#: The number of tries to catch a booking in its think time. A strategy that checks and writes in
#: one statement has none.
_TRIES = 5
#: A transaction that is idle for this long is in its think time: all earlier steps are done.
_THINKS = """
SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
AND state = 'idle in transaction' AND clock_timestamp() - state_change > interval '0.01 s'
"""


def test_keeps_its_word_when_a_worker_is_killed(
    subject: Subject, workloads: Workloads, lab: RunningLab
) -> None:
    """All confirmed answers stay true, and bookings go on: locks of a dead holder expire."""
    workload = next(one for one in workloads if not subject.lacks(one))
    contest = Contest(lab, subject, workload, subject.scenarios(workload, _CUSTOMERS)[0])
    with Customer(lab.url) as admin:
        # The background threads of the lab work for the current strategy.
        admin.post("/admin/strategy", {"strategy": subject.name})
        contest.reset(admin)
    _kill_in_thought(lab, contest.bodies[0])
    load = ContinuousLoad(lab.url, contest.bodies)
    with load.running():
        load.until(_BOOKINGS)
        _kill(load.worker)
        eventually(lambda: load.cut_off, "a customer whose worker died")
        let_leases_expire([lab.redis_url, *lab.redlock_urls])
        load.until(_BOOKINGS)
    assert load.statuses <= {200, 201, 409, 503}
    with Customer(lab.url) as admin:
        known = {id_ for id_ in load.stands if id_ not in load.unknown}
        shown = {id_: admin.get(f"/api/bookings/{id_}").get("status") for id_ in known}
        expected = {id_: "confirmed" if load.stands[id_] else "cancelled" for id_ in known}
        assert shown == expected
        # After a double booking, the first cancellation also frees the thing of the other customer.
        if not subject.kind.allows | subject.kind.allows_under_faults:
            fail_on_broken_promise(subject, contest.findings(admin))


def _kill_in_thought(lab: RunningLab, body: dict[str, Any]) -> None:
    """Kill a worker between a booking's decide and write, with all that the booking has locked."""
    with (
        Customer(lab.url) as customer,
        Connector(lab.database_url).session() as session,
        ThreadPoolExecutor(1) as thread,
    ):
        worker = customer.get("/health")["worker"]
        for _ in range(_TRIES):
            booking = thread.submit(customer.call, "POST", "/api/bookings", body)
            eventually(
                partial(_done_or_in_thought, booking, session), "a booking that is done or thinks"
            )
            if not booking.done():
                break
            _, answer = booking.result()
            customer.call("DELETE", f"/api/bookings/{answer['id']}?strategy={body['strategy']}")
        _kill(worker)
        with suppress(OSError, http.client.HTTPException):
            # The worker was killed too late: the booking is confirmed, and has to be cancelled.
            _, answer = booking.result()
            with Customer(lab.url) as other:
                other.call("DELETE", f"/api/bookings/{answer['id']}?strategy={body['strategy']}")
    let_leases_expire([lab.redis_url, *lab.redlock_urls])


def _done_or_in_thought(booking: Future[Any], session: PostgresSession) -> bool:
    return booking.done() or bool(session.execute(_THINKS))


def _kill(worker: str) -> None:
    os.kill(int(worker.rpartition("/")[2]), signal.SIGKILL)
