"""Which worker is handed a request."""

from __future__ import annotations

import copy
import socket
from collections.abc import Iterator

import pytest

from booking_lab.stack.service import balancing
from booking_lab.stack.service.balancing import MOST_BYTES, Peers

REQUEST = b"GET / HTTP/1.1\r\n\r\n"


class Workers:
    """Three workers that share their memory, in one process."""

    def __init__(self) -> None:
        master = Peers(3)
        self.all = [copy.copy(master).join(place) for place in range(3)]
        for one in self.all:
            one.report_alive(takes_requests=True)
        self.client, self.connection = socket.socketpair()

    def have(self, *under_way: int) -> None:
        for one, requests in zip(self.all, under_way, strict=True):
            for _ in range(requests):
                one.begin_request()

    def handed_to(self, received: bytes = REQUEST) -> int | None:
        """Let the first hand a request over; return which of the others it was handed to."""
        if not self.all[0].hand_over(self.connection, received):
            return None
        for place, one in enumerate(self.all):
            for sock, handed in one.receive():
                sock.close()
                assert handed == received
                return place
        raise AssertionError("nobody was handed it")


def close(peers: Peers) -> None:
    """Nothing in the lab does: a process ends with its sockets."""
    for end in (*peers._outboxes, *peers._inboxes):
        end.close()


@pytest.fixture
def three() -> Iterator[Workers]:
    made = Workers()
    yield made
    close(made.all[0])
    made.client.close()
    made.connection.close()


@pytest.mark.parametrize(
    ("under_way", "receiver"),
    [
        ((0, 0, 0), None),
        ((1, 0, 1), 1),
        ((1, 1, 0), 2),
        ((3, 2, 2), None),
        ((4, 2, 3), 1),
        ((9, 6, 7), None),
    ],
)
def test_the_one_with_clearly_fewer(
    three: Workers, under_way: tuple[int, int, int], receiver: int | None
) -> None:
    three.have(*under_way)
    assert three.handed_to() == receiver


def test_the_connection_is_the_client_s(three: Workers) -> None:
    three.have(1, 0, 5)
    assert three.all[0].hand_over(three.connection, REQUEST)
    [(sock, _)] = three.all[1].receive()
    with sock:
        sock.sendall(b"hello")
    assert three.client.recv(5) == b"hello"


def test_what_is_on_its_way_counts(three: Workers) -> None:
    three.have(4, 0, 9)
    handed = 0
    while three.all[0].hand_over(three.connection, REQUEST):
        handed += 1
    assert handed == 3
    for sock, _ in three.all[1].receive():
        sock.close()
        three.all[1].begin_request()
    assert three.handed_to() is None


@pytest.mark.parametrize("silent", ["full", "stopped"])
def test_one_that_takes_no_requests_is_handed_none(
    three: Workers, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    three.have(5, 0, 0)
    if silent == "full":
        three.all[1].report_alive(takes_requests=False)
        three.all[2].report_alive(takes_requests=False)
    else:
        monkeypatch.setattr(balancing, "_SILENT_AFTER", 0.0)
    assert three.handed_to() is None


def test_a_large_request_stays(three: Workers) -> None:
    three.have(5, 0, 5)
    assert three.handed_to(b"x" * (MOST_BYTES + 1)) is None
    assert three.handed_to(b"x" * MOST_BYTES) == 1


def test_a_socket_that_is_full_is_no_loss(three: Workers) -> None:
    three.have(10_000, 0, 10_000)
    handed = 0
    while three.all[0].hand_over(three.connection, b"x" * MOST_BYTES):
        handed += 1
    assert handed > 0
    taken = [sock.close() for sock, _ in three.all[1].receive()]
    assert len(taken) == handed
    # What could not be sent isn't counted as being on its way.
    assert three.handed_to() == 1


def test_what_a_dead_worker_was_handed_goes_to_the_others(three: Workers) -> None:
    three.have(4, 0, 3)
    assert three.all[0].hand_over(three.connection, REQUEST)
    master = copy.copy(three.all[1])
    master.pass_on_requests_of(1)
    [(sock, received)] = three.all[2].receive()
    sock.close()
    assert received == REQUEST
    # And nothing more is handed to it.
    three.have(9, 0, 0)
    assert three.handed_to() == 2


def test_what_nobody_else_can_take_waits_for_the_replacement(three: Workers) -> None:
    three.have(1, 0, 5)
    assert three.all[0].hand_over(three.connection, REQUEST)
    for one in (three.all[0], three.all[2]):
        one.report_alive(takes_requests=False)
    copy.copy(three.all[1]).pass_on_requests_of(1)
    [(sock, _)] = copy.copy(three.all[1]).join(1).receive()
    sock.close()


def test_a_worker_that_begins_has_nothing_under_way_and_one_without_a_place_is_alone(
    three: Workers,
) -> None:
    three.have(1, 7, 7)
    replacement = copy.copy(three.all[1]).join(1)
    replacement.report_alive(takes_requests=True)
    assert three.handed_to() == 1
    alone = three.all[0].join(3)
    alone.begin_request()
    assert not alone.hand_over(three.connection, REQUEST)
    close(alone)
    # Its death is no matter of the others.
    copy.copy(three.all[1]).pass_on_requests_of(3)
