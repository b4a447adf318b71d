"""Clients that are slow, silent or don't hang up hold nobody else up, and each wait has an end."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import select
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from booking_lab.config import Settings
from booking_lab.conformance.waiting import eventually
from tests.edge.conftest import (
    DESCRIPTORS,
    KEEPALIVE,
    REQUEST_TIMEOUT,
    THREADS,
    Edge,
    Serving,
    answer,
    post,
)

#: More of them than there are threads.
MANY = 2 * THREADS
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEAD = b"POST /book HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
#: The reactions of the main loop come at most so much later, on a busy machine too.
SLACK = 15.0


def others_are_served_meanwhile(edge: Edge, waiting: list[socket.socket]) -> bool:
    """Tell whether somebody else is answered before the first of those who wait is cut off."""
    return edge.serves_others() and not select.select(waiting, [], [], 0)[0]


def held(stack: ExitStack, edge: Edge, text: bytes, window: int = 0) -> list[socket.socket]:
    found = [stack.enter_context(edge.connect(window=window)) for _ in range(MANY)]
    for one in found:
        one.sendall(text)
    return found


HALVES = [
    b"G",
    b"\r\n",
    HEAD,
    HEAD + b"Content-Length: 100\r\n\r\n",
    HEAD + b"Content-Length: 100\r\n\r\n{",
    CHUNKED,
    CHUNKED + b"5",
    CHUNKED + b"5\r\n{",
    CHUNKED + b"1\r\n{\r\n0\r\n",
    CHUNKED + b"1\r\n{\r\n0\r\nTrailer: x\r\n",
]


def test_a_request_that_does_not_come_to_its_end_is_cut_off_and_others_are_served(
    edge: Edge,
) -> None:
    with ExitStack() as stack:
        begin = time.monotonic()
        waiting = [one for text in HALVES for one in held(stack, edge, text)]
        assert others_are_served_meanwhile(edge, waiting)
        for one in waiting:
            response, body = answer(one)
            assert (response.status, json.loads(body)["code"]) == (408, "request_timeout")
            assert response.headers["Content-Type"] == "application/problem+json"
            assert one.recv(1) == b""
        assert REQUEST_TIMEOUT <= time.monotonic() - begin < REQUEST_TIMEOUT + SLACK


def test_a_byte_now_and_then_does_not_make_the_wait_longer(edge: Edge) -> None:
    with edge.connect() as one:
        begin = time.monotonic()
        for byte in itertools.cycle(b"X-Slow: x\r\n"):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                one.sendall(bytes([byte]))
            if select.select([one], [], [], 0.05)[0]:
                break
            assert time.monotonic() - begin < REQUEST_TIMEOUT + SLACK
        assert answer(one)[0].status == 408


def test_who_sends_nothing_at_all_holds_nobody_up_and_is_hung_up_on(edge: Edge) -> None:
    with ExitStack() as stack:
        begin = time.monotonic()
        waiting = held(stack, edge, b"")
        assert others_are_served_meanwhile(edge, waiting)
        assert [one.recv(1) for one in waiting] == [b""] * MANY
        assert KEEPALIVE <= time.monotonic() - begin < KEEPALIVE + SLACK


@pytest.mark.parametrize("last", [HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
                                  HEALTH.replace(b"1.1", b"1.0")])  # fmt: skip
def test_who_asked_for_the_end_and_does_not_close_holds_nobody_up(edge: Edge, last: bytes) -> None:
    with ExitStack() as stack:
        begin = time.monotonic()
        for one in held(stack, edge, last):
            response, _ = answer(one, "GET")
            assert response.status == 200
            assert response.headers["Connection"] == "close"
            assert one.recv(1) == b""
            with contextlib.suppress(OSError):
                one.sendall(b"more")  # nobody minds, and nobody waits for it
        assert edge.serves_others()
        # Two seconds for each of them, one after the other, would be longer.
        assert time.monotonic() - begin < 2 * MANY


def test_who_does_not_take_an_answer_holds_nobody_up_and_is_hung_up_on(edge: Edge) -> None:
    large = b"GET /docs/swagger/js/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
    response, body = edge.ask(large)
    assert response.status == 200
    assert len(body) > 2**20
    with ExitStack() as stack:
        begin = time.monotonic()
        waiting = held(stack, edge, large, window=4096)
        assert edge.serves_others()
        assert not any(is_reset(one) for one in waiting)
        for one in waiting:
            eventually(lambda one=one: is_reset(one), within=REQUEST_TIMEOUT + SLACK)
        assert time.monotonic() - begin < REQUEST_TIMEOUT + SLACK


def is_reset(one: socket.socket) -> bool:
    # What is sent to an end that was closed with something unread or unsent comes back as a reset.
    try:
        one.send(b"x", socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return False


def test_a_connection_goes_on_after_a_pause_and_over_many_requests(edge: Edge) -> None:
    with edge.connect() as one:
        deadline = time.monotonic() + 1.5 * KEEPALIVE
        while time.monotonic() < deadline:
            one.sendall(HEALTH)
            assert answer(one, "GET")[0].status == 200
            assert not select.select([one], [], [], KEEPALIVE / 4)[0]


def test_the_pause_that_is_allowed_is_longer_than_those_of_ordinary_clients() -> None:
    # requests, Go, Java and browsers keep an idle connection for up to 60 seconds or so.
    assert Settings().keepalive == 75
    gateway = (Path(__file__).parents[2] / "gateway" / "haproxy.cfg").read_text()
    assert "timeout http-keep-alive 75s" in gateway
    assert Settings().request_timeout == 10
    assert "timeout http-request 10s" in gateway


def test_idle_connections_make_room_for_new_ones(serving: Serving) -> None:
    with serving(600) as patient, ExitStack() as stack:  # none of them comes to its end by itself
        for _ in range(DESCRIPTORS + 50):
            stack.enter_context(patient.connect())
        eventually(patient.serves_others, within=4 * SLACK)


def test_requests_that_come_at_once_are_answered_one_after_the_other(edge: Edge) -> None:
    books = [
        post("/book", {"event_id": 1, "seat_number": seat, "customer_id": "c"})
        for seat in ("A1", "Z99")
    ]
    edge.ask(b"POST /admin/reset?event_id=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with edge.connect() as one:
        one.sendall(HEALTH + books[0] + books[1] + HEALTH + HEAD)
        received = b"".join(iter(lambda: one.recv(65536), b""))
    assert re.findall(rb"HTTP/1.1 (\d+) ", received) == [b"200", b"201", b"404", b"200", b"408"]


def test_a_body_that_is_announced_first_is_asked_for(edge: Edge) -> None:
    text = post("/admin/think-time", {"think_time_ms": 0}, "Expect: 100-continue")
    head, _, body = text.partition(b"\r\n\r\n")
    with edge.connect() as one:
        one.sendall(head + b"\r\n\r\n")
        assert one.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        one.sendall(body)
        assert answer(one)[0].status == 200


def test_a_body_that_is_announced_too_long_is_not_asked_for(edge: Edge) -> None:
    head = HEAD + b"Expect: 100-continue\r\nContent-Length: 20000\r\n\r\n"
    response, body = edge.ask(head)
    assert (response.status, json.loads(body)["code"]) == (413, "request_entity_too_large")


def test_an_answer_to_a_body_that_is_too_long_reaches_its_sender(edge: Edge) -> None:
    with edge.connect() as one:
        one.sendall(HEAD + b"Content-Length: 9000000\r\n\r\n" + b" " * 1_000_000)
        response, _ = answer(one)
        assert response.status == 413
        assert response.headers["Connection"] == "close"
