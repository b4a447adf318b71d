"""A request is handed over when all of it is there, however it is cut into pieces."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from booking_lab.config import Settings
from booking_lab.stack.service import worker
from booking_lab.stack.service.framing import MOST_HEAD, MOST_LINE, IncomingRequest

HEAD = b"POST /book HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"transfer-encoding:chunked\r\n\r\n"
REQUESTS = [
    HEAD + b"\r\n",
    b"\r\n" + HEAD + b"\r\n",
    HEAD + b"content-LENGTH: \t 7 \t\r\nX: y\r\n\r\n1234567",
    HEAD + b"Content-Length: 0\r\n\r\n",
    CHUNKED + b"0\r\n\r\n",
    CHUNKED + b"3\r\nabc\r\n0\r\n\r\n",
    CHUNKED + b"3;x=y\r\nabc\r\n00\r\n\r\n",
    CHUNKED + b"5\r\n0\r\n\r\n\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n",
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_is_complete_with_its_last_byte_and_not_before(request_: bytes) -> None:
    for cut in range(1, len(request_)):
        incoming = IncomingRequest(100)
        incoming.add(request_[:cut])
        assert not incoming.complete, request_[:cut]
        incoming.add(request_[cut:])
        assert incoming.complete
        assert not incoming.too_long
    slow = IncomingRequest(100)
    for byte in request_:
        assert not slow.complete
        slow.add(bytes([byte]))
    assert slow.complete
    quick = IncomingRequest(100)
    quick.add(request_ + HEAD)
    assert quick.complete


@pytest.mark.parametrize(
    ("body", "too_long"),
    [
        (b"Content-Length: 100\r\n\r\n" + b"x" * 100, False),
        (b"Content-Length: 101\r\n\r\n", True),
        (b"Content-Length: 999999999999999999\r\n\r\n", True),
        (b"Transfer-Encoding: chunked\r\n\r\n64\r\n" + b"x" * 100 + b"\r\n0\r\n\r\n", False),
        (b"Transfer-Encoding: chunked\r\n\r\n65\r\n", True),
        (b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", True),
        (b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100 + b"0\r\n\r\n", False),
        (b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 101, True),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 11_100, True),
    ],
)
def test_no_more_is_waited_for_than_a_body_may_have(body: bytes, too_long: bool) -> None:
    incoming = IncomingRequest(100)
    incoming.add(HEAD + body)
    assert (incoming.complete, incoming.too_long) == (True, too_long)


@pytest.mark.parametrize(
    "odd",
    [
        b"GET / HTTP/1.1\n",
        b"GET /" + b"x" * 9000,
        CHUNKED + b"x\r\n",
        CHUNKED + b"-1\r\n",
        CHUNKED + b"0x1\r\n",
        CHUNKED + b"1_0\r\n",
        CHUNKED + b"\r\n",
        CHUNKED + b"1\r\nabc",
        CHUNKED + b"1\n",
    ],
)
def test_what_no_parser_takes_is_not_waited_for(odd: bytes) -> None:
    incoming = IncomingRequest(100)
    incoming.add(odd)
    assert incoming.complete


def test_the_document_says_how_much_and_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-it-works.md").read_text()
    _, _, rest = page.partition("## Slow clients")
    words = " ".join(rest.partition("\n## ")[0].split())
    assert f"| {Settings().request_timeout:g} seconds (`BOOKING_LAB_REQUEST_TIMEOUT`)" in words
    assert f"| {Settings().keepalive:g} seconds (`BOOKING_LAB_KEEPALIVE`)" in words
    assert f"hang up after the last answer | {worker._END_SECONDS:g} seconds |" in words
    assert f"{MOST_HEAD // 1024} KiB" in words
    assert f"a request line may have {MOST_LINE:,} bytes" in words
    assert f"{worker.MOST_CONNECTIONS:,} connections" in words
    assert worker._EVICT_AFTER == 1
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    assert f"1,024 allow about {worker._most_connections(Settings())}" in words
