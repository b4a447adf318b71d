"""What a booking adds to the metrics."""

import pytest
from prometheus_client import REGISTRY

from booking_lab import Attempt, Conflict
from tests.strategies.test_attempts import wish
from tests.workloads.box_office import TICKETS, asks


@pytest.mark.parametrize("tries", [1, 3])
def test_a_booking_counts_once_and_each_try_after_its_first(office, tries):
    def act(attempt: Attempt) -> None:
        if attempt.number < tries:
            raise Conflict
        with attempt.transaction():
            attempt.write(attempt.decide(attempt.read()))

    def counted() -> list[float]:
        office.lab.metrics.publish()
        by = {"strategy": "acts"}
        bookings = by | {"workload": "tickets", "status": "confirmed"}
        asked = [("bookings_total", bookings), ("optimistic_retries_total", by)]
        return [REGISTRY.get_sample_value(*one) or 0.0 for one in asked]

    wanted = wish(act)
    wanted.strategy[1].__class__.name = "acts"
    before = counted()
    assert office.lab.engine.book(TICKETS, asks(), wanted).tries == tries

    assert [now - was for now, was in zip(counted(), before, strict=True)] == [1, tries - 1]
