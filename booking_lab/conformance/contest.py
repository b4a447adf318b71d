"""Customers who contend for the same thing over real HTTP, and what the lab's books say then."""

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

#: How often customers connect anew if all of them come to one worker.
_TRIES = 50
#: Seconds for all customers to be at the start.
_START = 30


@dataclass(frozen=True)
class CustomerAnswer:
    """What one customer was told; times are seconds on one clock."""

    status: int
    body: dict[str, Any]
    begin: float
    end: float

    @property
    def confirmed(self) -> bool:
        """Whether it has what it asked for."""
        return self.status == 201

    def overlaps(self, other: CustomerAnswer) -> bool:
        """Whether both were under way at the same time."""
        return self is not other and self.begin <= other.end and other.begin <= self.end


class Contest:
    """One scenario in a running lab.

    Args:
        lab: the lab; what is contended for is put into its database.
        subject: the strategy to book under.
        workload: what is booked.
        scenario: what is contended for, and by how many; they book, and change nothing.
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
        """Make everything free again."""
        admin.post(f"/admin/reset?{self._where}")

    def findings(self, admin: Customer) -> dict[Anomaly, str]:
        """What the lab's books say is wrong: the anomalies, with an example of each."""
        found = admin.get(f"/admin/audit?{self._where}")["findings"]
        return {
            Anomaly(one["anomaly"]): f"{one['anomaly']}: {one['subject']}: {one['detail']}"
            for one in found
        }

    def race(self, admin: Customer) -> dict[str, Any]:
        """Let all of them meet between decide and write, in one worker; return how it ended."""
        self.reset(admin)
        ended: dict[str, Any] = admin.post("/admin/race", self._race)
        return ended

    @contextmanager
    def customers(self) -> Iterator[ConcurrentCustomers]:
        """Connect all customers for the block, to more than one worker."""
        for _ in range(_TRIES):
            with ConcurrentCustomers(self._url, self.bodies) as crowd:
                if len(crowd.workers) > 1:
                    yield crowd
                    return
        pytest.fail("All customers come to one worker, every time: this shows nothing")


class ConcurrentCustomers:
    """Customers, each with a connection that stays open, and so with one worker.

    Attributes:
        workers: the workers that they are connected to.
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
        """Let all of them book at the same moment."""
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
    """Count the bookings that were under way while another one was, and that one was confirmed.

    Only these could have gone wrong.
    """
    confirmed = [answer for answer in answers if answer.confirmed]
    return sum(any(answer.overlaps(other) for other in confirmed) for answer in answers)


def is_clean(answer: CustomerAnswer) -> bool:
    """Tell whether it is an answer that customers can do something with."""
    if answer.status == 201:
        return bool(answer.body["outcome"] == "confirmed")
    problem = {"type", "title", "detail", "code", "trace_id"} <= answer.body.keys()
    return answer.status in {409, 503} and problem


def fail_on_broken_promise(subject: Subject, wrong: Mapping[Anomaly, str]) -> None:
    """Fail if something is wrong that the strategy doesn't allow."""
    if surprises := [text for anomaly, text in wrong.items() if anomaly not in subject.kind.allows]:
        pytest.fail("\n".join([f"{subject.name} does not allow this:", *surprises]), pytrace=False)
