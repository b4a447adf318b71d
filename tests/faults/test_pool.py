"""A pool lends so many connections at most; whoever finds none free waits for one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.db.connector import Connector
from booking_lab.db.pool import Pool
from booking_lab.db.session import PostgresSession
from booking_lab.errors import DatabaseUnavailable, PoolTimeout


def process(session: PostgresSession) -> int:
    """The proof that it lives, and which one it is."""
    [(pid,)] = session.execute("SELECT pg_backend_pid()")
    return int(pid)


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    made = Pool("tested", Connector(database_url), 2, timeout=20)
    yield made
    made.close()


def test_the_one_that_was_used_last_is_lent_first(pool: Pool) -> None:
    with pool.session(process) as (_, first), pool.session(process) as (_, second):
        assert pool.in_use == 2
    assert pool.in_use == 0
    for _ in range(3):
        with pool.session(process) as (_, lent):
            assert lent == first
    with pool.session(process) as (_, one), pool.session(process) as (_, other):
        assert {one, other} == {first, second}


def test_whoever_waits_gets_the_first_that_is_given_back(pool: Pool) -> None:
    found: list[int] = []

    def wait() -> None:
        with pool.session(process) as (_, lent):
            found.append(lent)

    with ExitStack() as lent:
        pids = [lent.enter_context(pool.session(process))[1] for _ in range(2)]
        waiting = threading.Thread(target=wait)
        waiting.start()
        eventually(lambda: pool.waiting == 1)
        assert not found
    waiting.join(10)
    assert found
    assert found[0] in pids
    assert pool.waiting == pool.in_use == 0


def test_waiting_ends(database_url: str) -> None:
    pool = Pool("tested", Connector(database_url), 1, timeout=0.05)
    with pool.session(process), pytest.raises(PoolTimeout):
        pool.check_out()
    assert pool.waiting == pool.in_use == 0
    pool.close()


def test_one_that_died_is_replaced_and_costs_no_room(pool: Pool) -> None:
    with pool.session(process) as (session, first):
        session.raw.close()
    for _ in range(3):
        with pool.session(process) as (_, one), pool.session(process) as (_, other):
            assert first not in {one, other}


def test_what_can_not_be_opened_costs_no_room() -> None:
    pool = Pool("tested", Connector("postgresql://nobody@localhost:1/nothing"), 1, timeout=0.05)
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable):
            pool.check_out()
    assert pool.in_use == 0


def test_one_that_dies_while_idle_costs_its_borrower_nothing(pool: Pool, database_url: str) -> None:
    with pool.session(process) as (_, idle):
        pass
    with Connector(database_url).session() as killer:
        killer.execute("SELECT pg_terminate_backend(%(pid)s, 10000)", {"pid": idle})
    with pool.session(process) as (_, lent):
        assert lent != idle
