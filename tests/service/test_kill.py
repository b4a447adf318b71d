"""kill -9 of any part under load: clean errors, recovery, and no confirmed booking lost."""

import os
import re
import signal
from urllib.request import urlopen

import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.crowd.client import Customer
from tests.service.crowds import Load, accounts_agree, add_seats, switch
from tests.uncounted import running_uncounted


@pytest.fixture(scope="module")
def mortal_lab():
    """A lab whose parts are killed; durable, as the commits that it has confirmed must be."""
    with running_uncounted(workers=4, durable=True, log_level="WARNING") as lab:
        add_seats(lab.database_url)
        yield lab


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def test_a_killed_worker_is_replaced(mortal_lab):
    switch(mortal_lab.url, "pessimistic", think_time_ms=0)
    with Customer(mortal_lab.url) as client:
        worker = client.get("/health")["worker"]
    confirmed = 'bookings_total{status="confirmed",strategy="pessimistic",workload="seats"}'
    with Load(mortal_lab.url).running() as load:
        load.until(50)
        kill(int(worker.partition("/")[2]))
        load.until(100)

    # What the dead worker counted still counts; that it lives doesn't.
    eventually(lambda: metric(mortal_lab.url, "booking_workers") == 4)
    assert metric(mortal_lab.url, confirmed) >= len(load.confirmed)
    accounts_agree(mortal_lab.url, load)


def metric(url, name):
    with urlopen(f"{url}/metrics") as answer:
        text = answer.read().decode()
    return float(re.search(rf"^{re.escape(name)} (.+)$", text, re.MULTILINE)[1])


@pytest.mark.parametrize("strategy", ["pessimistic", "optimistic"])
def test_postgresql_killed_under_load(mortal_lab, strategy):
    switch(mortal_lab.url, strategy, think_time_ms=0)
    with Load(mortal_lab.url).running() as load:
        load.until(50)
        before = mortal_lab.pids["postgresql"]
        kill(before)
        eventually(lambda: mortal_lab.pids.get("postgresql", before) != before)
        load.until(50)

    assert load.statuses.get(503, 0) + load.cut_off > 0
    accounts_agree(mortal_lab.url, load)


def test_valkey_killed_under_load(mortal_lab):
    switch(mortal_lab.url, "distributed", think_time_ms=0)
    with Load(mortal_lab.url).running() as load:
        load.until(50)
        before = mortal_lab.pids["valkey"]
        kill(before)
        eventually(lambda: mortal_lab.pids.get("valkey", before) != before)
        load.until(50)

    accounts_agree(mortal_lab.url, load)


def test_the_strategies_that_do_not_need_valkey_do_not_notice(mortal_lab):
    switch(mortal_lab.url, "pessimistic", think_time_ms=0)
    with Load(mortal_lab.url).running() as load:
        load.until(50)
        kill(mortal_lab.pids["valkey"])
        load.until(100)

    assert load.statuses.get(503, 0) == 0
    assert load.cut_off == 0
    accounts_agree(mortal_lab.url, load)
