"""Locks in memory, and what the metrics keep."""

import logging
from contextlib import nullcontext

from booking_lab.core.anchor import Anchor
from booking_lab.core.lease import Servers
from booking_lab.locks.mutex import Mutex
from booking_lab.observers.metrics import Metrics

ANCHOR = Anchor("seats", (("event_id", 1), ("seat_number", "A1")))


def quietly(_what):
    return nullcontext()


def test_a_mutex_that_is_somebody_elses_stays_so():
    servers = Servers()
    first, second, third = (Mutex().lease(ANCHOR, servers) for _ in range(3))
    assert first.try_acquire(quietly)

    assert not second.release(quietly)

    assert not third.try_acquire(quietly)
    assert first.release(quietly)
    assert not first.release(quietly)
    assert third.try_acquire(quietly)


def test_what_the_metrics_can_not_keep_is_told(caplog):
    caplog.set_level(logging.ERROR)
    metrics = Metrics(most=2)
    for number in range(5):
        metrics.record(number)
    metrics._ended.clear()

    metrics.publish()
    metrics.publish()

    [told] = [one.message for one in caplog.records]
    assert told == "times of bookings are lost to the metrics: 3 more than are kept"
