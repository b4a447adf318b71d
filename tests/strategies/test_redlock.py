"""Redlock holds a lock that most of its servers have granted, and in time."""

from contextlib import contextmanager

import pytest
import redis

from booking_lab.core.anchor import Anchor
from booking_lab.core.clock import Clock
from booking_lab.core.lease import Servers
from booking_lab.locks import redis_lock
from booking_lab.locks.redlock import Redlock

SEAT = Anchor("seats", (("event_id", 1), ("seat_number", "A1")))
TTL = 60


class Slow(Clock):
    """Time passes whenever somebody looks."""

    def __init__(self, step: float) -> None:
        self._step, self._now = step, 0.0

    def now(self) -> float:
        self._now += self._step
        return self._now


@contextmanager
def announce(what):
    yield


@pytest.fixture
def servers(redlock_urls):
    clients = tuple(redis_lock.connect(url, 5) for url in redlock_urls)
    yield clients
    for client in clients:
        client.close()


def lease(clients, clock=None):
    return Redlock(TTL).lease(SEAT, Servers(None, clients, {}, clock or Clock()))


@pytest.mark.parametrize("others", range(6))
def test_it_takes_more_than_half_of_the_servers(servers, others):
    most = len(servers) - len(servers) // 2 - 1
    for client in servers[:others]:
        assert lease((client,)).try_acquire(announce)

    assert lease(servers).try_acquire(announce) is (others <= most)


def test_half_is_not_enough_of_an_even_number(servers):
    four = servers[:4]
    for client in four[:2]:
        assert lease((client,)).try_acquire(announce)

    assert not lease(four).try_acquire(announce)


def test_what_was_granted_too_late_is_given_back(servers):
    assert not lease(servers, Slow(TTL)).try_acquire(announce)
    assert not any(client.dbsize() for client in servers)

    assert lease(servers, Slow(TTL / 100)).try_acquire(announce)


def test_a_server_that_is_away_counts_as_one_that_does_not_grant(servers):
    away = redis.Redis(unix_socket_path="/nowhere/valkey.sock")

    assert lease((*servers[:3], away, away)).try_acquire(announce)
