"""A worker process with more requests than another one hands new requests over to it."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import psutil
import psycopg2
import pytest

from booking_lab.conformance.waiting import eventually
from tests.edge.conftest import Edge, Serving, answer, post

#: Fewer than there are tickets.
MANY = 8
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.fixture(scope="module")
def pair(serving: Serving) -> Iterator[Edge]:
    """A service of two workers."""
    with serving(60.0, workers=2, threads=32) as service:
        yield service


def workers(service: Edge) -> list[int]:
    return [one.pid for one in psutil.Process(service.master).children()]


def worker_behind(one: socket.socket) -> int:
    """The process id of the worker that answers over this connection."""
    one.sendall(HEALTH)
    return int(json.loads(answer(one)[1])["worker"].rpartition("/")[2])


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def answers_a_newcomer(service: Edge, worker: int) -> bool:
    with service.connect() as one:
        return worker_behind(one) == worker


@contextmanager
def connections_of_one_worker(service: Edge) -> Iterator[tuple[list[socket.socket], int, int]]:
    """Open connections all of which one worker has; yields them, that worker, and the other one."""
    with ExitStack() as opened:
        busy, idle = workers(service)
        with stopped(idle):
            clients = [opened.enter_context(service.connect()) for _ in range(MANY)]
            assert {worker_behind(one) for one in clients} == {busy}
        # It has to have shown a sign of life since.
        eventually(lambda: answers_a_newcomer(service, idle))
        yield clients, busy, idle


@contextmanager
def all_waiting_for_a_row(
    service: Edge, clients: list[socket.socket], least: int = MANY
) -> Iterator[None]:
    """Have each client book a ticket; in the block so many at least wait for the event's row."""
    with closing(psycopg2.connect(service.database_url)) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT * FROM ticket_events WHERE id = 1 FOR UPDATE")
        for number, one in enumerate(clients):
            one.sendall(
                post(
                    "/api/bookings",
                    {"kind": "tickets", "event_id": 1, "quantity": 1, "customer_id": f"c{number}"},
                )
            )

        def they_wait() -> bool:
            with (
                closing(psycopg2.connect(service.database_url)) as other,
                other.cursor() as looking,
            ):
                looking.execute(WAITING)
                row = looking.fetchone()
            return bool(row and row[0] >= least)

        eventually(they_wait, within=30)
        yield


def bookers(clients: list[socket.socket]) -> Counter[int]:
    """Read each client's answer; return how many bookings each worker made."""
    found: Counter[int] = Counter()
    for one in clients:
        response, body = answer(one)
        assert response.status == 201, body
        found[int(json.loads(body)["worker"].rpartition("/")[2])] += 1
    return found


def test_whoever_has_the_connections_both_workers_book(pair: Edge) -> None:
    with connections_of_one_worker(pair) as (clients, _, idle):
        with all_waiting_for_a_row(pair, clients):
            pass
        booked = bookers(clients)
        assert booked[idle] >= MANY // 3, booked
        # Each of those connections is the other worker's now; one by one, none is handed over.
        assert Counter(worker_behind(one) for one in clients) == booked


def test_what_was_handed_to_a_worker_that_dies_is_answered_by_another_one(
    serving: Serving,
) -> None:
    with (
        serving(60.0, workers=2, threads=32) as service,
        connections_of_one_worker(service) as (clients, busy, idle),
    ):
        # It looked alive a moment ago, so it is handed bookings, and doesn't take them.
        with stopped(idle):
            with all_waiting_for_a_row(service, clients, least=MANY // 2):
                pass
            os.kill(idle, signal.SIGKILL)
        assert bookers(clients) == {busy: MANY}
