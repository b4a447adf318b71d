"""Customers that contend for the same thing over HTTP, and the lab's audit afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest

from booking_lab.conformance.subjects import Subject
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.scenario import Scenario
from booking_lab.core.strategy import Anomaly
from booking_lab.core.workload import Request
from booking_lab.crowd.client import Customer
from booking_lab.db.connector import Connector
from booking_lab.stack import RunningLab
from booking_lab.web.schemas.workload_schema import WorkloadSchema

T = TypeVar("T")

#: The number of times that customers connect again if one worker gets all of them.
_TRIES = 50
#: Seconds to wait until all customers are ready to start.
_START = 30


@dataclass(frozen=True)
class CustomerAnswer:
    """The answer to one customer, with the times of request and answer in seconds."""

    status: int
    body: dict[str, Any]
    begin: float
    end: float

    @property
    def confirmed(self) -> bool:
        """Whether the booking is confirmed."""
        return self.status == 201

    def overlaps(self, other: CustomerAnswer) -> bool:
        """Whether both were under way at the same time."""
        return self is not other and self.begin <= other.end and other.begin <= self.end


class Contest:
    """One scenario in a running lab.

    Args:
        lab: the lab; the things of the scenario are added to its database.
        subject: the strategy.
        workload: the workload.
        scenario: the scenario; changes of bookings are left out.
    """

    def __init__(
        self, lab: RunningLab, subject: Subject, workload: LabWorkload, scenario: Scenario
    ) -> None:
        with Connector(lab.database_url).session() as session:
            session.execute(scenario.seed)
        kind = WorkloadSchema(workload)
        requests = [one for one in scenario.requests if isinstance(one, Request)]
        common = {"kind": workload.name, "strategy": subject.name}
        self.bodies: Sequence[dict[str, Any]] = [
            {**common, "customer_id": request.customer_id, **kind.details(request)}
            for request in requests
        ]
        self._race = {
            **common,
            "request": kind.details(requests[0]),
            "customers": len(requests),
        }
        self._where = urlencode({"kind": workload.name, "scope": scenario.scope})
        self._url = lab.url

    def reset(self, admin: Customer) -> None:
        """Delete all bookings of the scenario's scope."""
        admin.post(f"/admin/reset?{self._where}")

    def findings(self, admin: Customer) -> dict[Anomaly, str]:
        """Return the anomalies of the audit, with an example of each."""
        found = admin.get(f"/admin/audit?{self._where}")["findings"]
        return {
            Anomaly(one["anomaly"]): f"{one['anomaly']}: {one['subject']}: {one['detail']}"
            for one in found
        }

    def race(self, admin: Customer) -> dict[str, Any]:
        """Run a race of all customers in one worker, and return its result."""
        self.reset(admin)
        ended: dict[str, Any] = admin.post("/admin/race", self._race)
        return ended

    @contextmanager
    def customers(self) -> Iterator[ConcurrentCustomers]:
        """Connect all customers for the block, to at least two workers."""
        for _ in range(_TRIES):
            with ConcurrentCustomers(self._url, self.bodies) as crowd:
                if len(crowd.workers) > 1:
                    yield crowd
                    return
        pytest.fail("One worker gets all customers every time, so this test shows nothing")


class ConcurrentCustomers:
    """Customers, each with a connection of its own, which stays with one worker.

    Attributes:
        workers: the workers of the connections.
    """

    def __init__(self, url: str, bodies: Sequence[dict[str, Any]]) -> None:
        self._bodies = bodies
        self._customers = [Customer(url) for _ in bodies]
        self._threads = ThreadPoolExecutor(len(bodies))
        self._start = threading.Barrier(len(bodies))
        self.workers = {health["worker"] for health in self._at_once(_health)}

    def __enter__(self) -> ConcurrentCustomers:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()
        for customer in self._customers:
            customer.close()

    def book_at_once(self) -> list[CustomerAnswer]:
        """Make all bookings at the same moment, and return the answers."""
        return self._at_once(_book)

    def _at_once(self, do: Callable[[Customer, dict[str, Any]], T]) -> list[T]:
        def one(customer: Customer, body: dict[str, Any]) -> T:
            self._start.wait(_START)
            return do(customer, body)

        return list(self._threads.map(one, self._customers, self._bodies))


def _health(customer: Customer, _body: dict[str, Any]) -> Any:
    return customer.get("/health")


def _book(customer: Customer, body: dict[str, Any]) -> CustomerAnswer:
    begin = time.monotonic()
    answer = customer.call("POST", "/api/bookings", body)
    return CustomerAnswer(*answer, begin, time.monotonic())


def overlapping(answers: Sequence[CustomerAnswer]) -> int:
    """Count the bookings that overlapped with a confirmed booking.

    Only these could have gone wrong.
    """
    confirmed = [answer for answer in answers if answer.confirmed]
    return sum(any(answer.overlaps(other) for other in confirmed) for answer in answers)


def is_clean(answer: CustomerAnswer) -> bool:
    """Whether an answer is a confirmation, or problem details with status 409 or 503."""
    if answer.status == 201:
        return bool(answer.body["outcome"] == "confirmed")
    problem = {"type", "title", "detail", "code", "trace_id"} <= answer.body.keys()
    return answer.status in {409, 503} and problem


def fail_on_broken_promise(subject: Subject, wrong: Mapping[Anomaly, str]) -> None:
    """Fail the test if there is an anomaly that the strategy doesn't allow."""
    if undeclared := [
        text for anomaly, text in wrong.items() if anomaly not in subject.kind.allows
    ]:
        pytest.fail("\n".join([f"{subject.name} does not allow this:", *undeclared]), pytrace=False)
