"""A server becomes unreachable during a booking: the booking fails cleanly and leaves no traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from booking_lab.conformance.contest import Contest
from booking_lab.conformance.in_process_service import (
    InProcessService,
    LockServers,
    StrikeAtStep,
    let_leases_expire,
)
from booking_lab.conformance.subjects import Subject
from booking_lab.conformance.waiting import eventually
from booking_lab.core.capability import Capability
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.observer import Step
from booking_lab.crowd.client import Customer
from booking_lab.db.connector import Connector
from booking_lab.stack import RunningLab
from booking_lab.web.http.problems import MEDIA_TYPE

#: The highest number of steps of an undisturbed booking.
_STEPS = 100
_THERE = "SELECT 1 FROM pg_stat_activity WHERE pid = %(pid)s"


@pytest.fixture(scope="module", autouse=True)
def _no_think_time(lab: RunningLab) -> Iterator[None]:
    """Set no think time: the only customer needs no race window."""
    with Customer(lab.url) as admin:
        before = admin.post("/admin/think-time", {"think_time_ms": 0})["old_think_time_ms"]
    yield
    with Customer(lab.url) as admin:
        admin.post("/admin/think-time", {"think_time_ms": before})


def test_says_so_when_postgresql_cuts_it_off(
    subject: Subject, workload: LabWorkload, lab: RunningLab, service: InProcessService
) -> None:
    """PostgreSQL ends the session before each step in turn: 201, or 503 and nothing is booked."""
    with Connector(lab.database_url).session() as admin:

        def cut(step: Step) -> None:
            if step.session:
                asked = {"pid": step.session}
                admin.execute("SELECT pg_terminate_backend(%(pid)s)", asked)
                # PostgreSQL could wait for the end itself, but checks only ten times a second.
                eventually(lambda: not admin.execute(_THERE, asked), "the end of a connection")

        def repair() -> None:
            # A counter outside PostgreSQL may refuse bookings until it is repaired.
            if Capability.COUNTS in subject.kind.needs:
                let_leases_expire([lab.redis_url])

        one = _One(subject, workload, lab, service)
        codes = {"database_unavailable", "outcome_unknown"}
        statuses = [one.book(number, cut, codes, repair) for number in range(1, one.steps() + 1)]
    assert 503 in statuses, "No booking noticed that its session was ended"


def test_says_so_when_redis_goes_away(
    subject: Subject, workload: LabWorkload, lab: RunningLab, service: InProcessService
) -> None:
    """Redis goes away before each step in turn; a strategy without Redis doesn't notice."""
    servers = LockServers([lab.redis_url, *lab.redlock_urls])
    one = _One(subject, workload, lab, service)
    steps = one.steps() if subject.servers else 1
    codes = {"redis_unavailable"} if subject.servers else set()
    statuses = []
    for number in range(1, steps + 1):
        try:
            status = one.book(number, lambda _step: servers.go_away(), codes, servers.come_back)
            statuses.append(status)
        finally:
            servers.come_back()
    assert not subject.servers or 503 in statuses, "The strategy doesn't use these servers"


def test_does_without_a_minority_of_the_servers(
    subject: Subject, workload: LabWorkload, lab: RunningLab, service: InProcessService
) -> None:
    """The majority of Redlock's servers is enough."""
    if Capability.QUORUM not in subject.servers:
        pytest.skip(f"{subject.name} doesn't need several servers")
    minority = LockServers(lab.redlock_urls[: (len(lab.redlock_urls) - 1) // 2])
    one = _One(subject, workload, lab, service)
    try:
        one.book(1, lambda _step: minority.go_away(), set())
    finally:
        minority.come_back()


class _One:
    """A customer that is alone in the lab, so that only faults affect its bookings."""

    def __init__(
        self, subject: Subject, workload: LabWorkload, lab: RunningLab, service: InProcessService
    ) -> None:
        self._contest = Contest(lab, subject, workload, subject.scenarios(workload, 2)[0])
        self._service = service
        self._url = lab.url

    def steps(self) -> int:
        """Book undisturbed, and return the number of steps."""
        watch = StrikeAtStep()
        self._try(watch, {201})
        assert 0 < len(watch.steps) < _STEPS
        return len(watch.steps)

    def book(
        self,
        number: int,
        strike: Callable[[Step], None],
        codes: set[str],
        mend: Callable[[], None] = lambda: None,
    ) -> int:
        """Book with a fault before a step, and then without; return the first status.

        Args:
            number: the number of the step.
            strike: causes the fault.
            codes: the error codes that the first booking may end with.
            mend: ends the fault.
        """
        watch = StrikeAtStep(number, strike)
        answer = self._try(watch, {201, 503} if codes else {201})
        mend()
        what = f"before step {number}, {watch.steps[number - 1].kind}" if watch.steps else ""
        if answer.status_code == 503:
            assert answer.content_type == MEDIA_TYPE, what
            assert answer.json["code"] in codes, f"{what}: {answer.json}"
            assert answer.headers["Retry-After"], what
        with Customer(self._url) as admin:
            assert not self._contest.findings(admin), what
        again = self._try(StrikeAtStep(), {201, 409}, reset=False)
        booked = (answer.status_code, again.status_code)
        assert booked in {(201, 409), (503, 201)}, f"{what}: {answer.json}, then {again.json}"
        return int(answer.status_code)

    def _try(self, watch: StrikeAtStep, statuses: set[int], *, reset: bool = True) -> Any:
        if reset:
            with Customer(self._url) as admin:
                self._contest.reset(admin)
        with self._service.watched(watch):
            answer: TestResponse = self._service.client.post(
                "/api/bookings", json=self._contest.bodies[0]
            )
        assert answer.status_code in statuses, f"before step {len(watch.steps)}: {answer.json}"
        return answer
