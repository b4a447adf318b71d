"""What never gets as far as the application is answered in the lab's shape, too."""

from __future__ import annotations

import json
import re
import socket

import pytest

from booking_lab.stack.service import complaints
from booking_lab.web.http.problems import code_of
from tests.edge.conftest import Edge, post

GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /admin/think-time HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = b'{"think_time_ms": 0}'
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"\r\n"

REFUSED = {
    "no request line": (b"\r\n\r\n", 400),
    "no HTTP": (b"hello\r\n\r\n", 400),
    "a method in small letters": (b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "no such method's letters": (b"G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "another version": (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 505),
    "version 2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "a control character in the address": (b"GET /\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "a letter that is not ASCII": (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "a mark for the browser alone": (b"GET /health#x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "a long address": (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    "a long address and no end": (b"GET /" + b"x" * 9000, 414),
    "a long field": (GET + b"X: " + b"x" * 9000 + b"\r\n\r\n", 431),
    "many fields": (GET + b"X: y\r\n" * 150 + END, 431),
    "a head without end": (GET + b"X: y\r\n" * 15_000, 431),
    "lines that end in LF alone": (b"GET / HTTP/1.1\nHost: localhost\n\n", 400),
    "one line that ends in LF alone": (GET + b"X: y\nZ: z\r\n\r\n", 400),
    "a folded line": (GET + b"X: y\r\n z\r\n\r\n", 400),
    "a blank before the colon": (POST + b"Content-Length : 0\r\n\r\n", 400),
    "a control character in a field": (GET + b"X: \x00\r\n\r\n", 400),
    "a field without a name": (GET + b": x\r\n\r\n", 400),
    "no host": (b"GET /health HTTP/1.1\r\n\r\n", 400),
    "a host without a name": (b"GET /health HTTP/1.1\r\nHost: \r\n\r\n", 421),
    "two hosts": (GET + b"Host: localhost\r\n\r\n", 400),
    "another host in the address": (
        b"GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 20\r\nContent-Length: 20\r\n\r\n" + BODY, 400),
    "a length with a sign": (POST + b"Content-Length: +20\r\n\r\n" + BODY, 400),
    "a length below zero": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "a length that is a list": (POST + b"Content-Length: 20, 20\r\n\r\n" + BODY, 400),
    "a length in hexadecimal": (POST + b"Content-Length: 0x14\r\n\r\n" + BODY, 400),
    "length and chunks": (
        POST + b"Content-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunks twice": (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    "chunks in version 1.0": (
        CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + b"0\r\n\r\n", 400),
    "a coding that ends in no chunks": (POST + b"Transfer-Encoding: gzip\r\n\r\n", 400),
    "an unknown coding": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    "chunks of a coding that is not undone": (
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n14\r\n" + BODY + b"\r\n0\r\n\r\n", 501),
    "the same in two lines": (
        POST + b"Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    "chunks of what is no coding any more": (
        POST + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", 501),
    "a coding with a control character": (
        POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
    "a chunk size that is none": (CHUNKED + b"x\r\n\r\n", 400),
    "a chunk size with a sign": (CHUNKED + b"+14\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
    "a chunk size as Python has it": (CHUNKED + b"1_4\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
    "a chunk size with a prefix": (CHUNKED + b"0x14\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
    "no chunk size": (CHUNKED + b"\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
    "a chunk longer than it says": (CHUNKED + b"5\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
    "a chunk size that ends in LF alone": (CHUNKED + b"14\n" + BODY + b"\r\n0\r\n\r\n", 400),
    "a bad extension of a chunk": (CHUNKED + b"14;\x01\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
    "a length among the trailers": (
        CHUNKED + b"14\r\n" + BODY + b"\r\n0\r\nContent-Length: 0\r\n\r\n", 400),
    "another expectation": (POST + b"Expect: wonders\r\nContent-Length: 0\r\n\r\n", 417),
    "two origins": (POST + b"Origin: http://localhost\r\nOrigin: http://a\r\n\r\n", 400),
    "two tokens": (GET + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400),
    "two sites": (
        POST + b"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n\r\n", 400),
    "two types": (POST + b"Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n", 400),
    "a body that is too long": (POST + b"Content-Length: 20000\r\n\r\n", 413),
    "chunks that are too long": (CHUNKED + b"5000\r\n", 413),
    "a number as long as a body": (POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
    "a number in an address that is too long": (
        b"GET /events/" + b"9" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "nothing there": (b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a method that is not taken": (b"PUT /book HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "a method that nobody knows": (b"BREW /book HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "a tunnel": (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", 404),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_a_problem_with_its_status(edge: Edge, what: str) -> None:
    text, status = REFUSED[what]
    response, body = edge.ask(text)
    assert response.status == status, body
    assert response.headers["Content-Type"] == "application/problem+json"
    said = json.loads(body)
    assert set(said) == {"type", "title", "status", "detail", "code", "trace_id"}
    assert said["status"] == status
    assert re.fullmatch("[a-z_]+", said["code"])
    assert said["type"] == f"urn:booking-lab:{said['code']}"
    assert re.fullmatch("[0-9a-f]{32}", said["trace_id"])
    assert response.headers["X-Trace-Id"] == said["trace_id"]


TAKEN = {
    "a length": POST + b"Content-Length: 20\r\n\r\n" + BODY,
    "an empty line before": b"\r\n" + POST + b"Content-Length: 20\r\n\r\n" + BODY,
    "one chunk": CHUNKED + b"14\r\n" + BODY + b"\r\n0\r\n\r\n",
    "many chunks": CHUNKED + b"".join(b"1\r\n%c\r\n" % one for one in BODY) + b"0\r\n\r\n",
    "extensions and trailers": CHUNKED + b"14;a=b\r\n" + BODY + b"\r\n0;c\r\nX: y\r\n\r\n",
    "as long as may be": POST + b"Content-Length: 16384\r\n\r\n" + BODY.ljust(16384),
    "chunks as long as may be": CHUNKED + b"4000\r\n" + BODY.ljust(16384) + b"\r\n0\r\n\r\n",
    "version 1.0 without a host": b"GET /health HTTP/1.0\r\n\r\n",
    "the same host in the address": (
        b"GET http://Localhost/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    ),
    # gunicorn would take these for its own settings, from a proxy that it trusts.
    "a name of gunicorn's": GET + b"Script_Name: /x\r\nScript-Name: /x\r\n\r\n",
    "two schemes": GET + b"X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n\r\n",
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_odd_but_means_one_thing_is_taken(edge: Edge, what: str) -> None:
    response, body = edge.ask(TAKEN[what])
    assert response.status == 200, body


@pytest.mark.parametrize("path", ["/book", "/book/safe", "/api/bookings", "/admin/strategy",
                                  "/admin/think-time", "/admin/race"])  # fmt: skip
def test_a_body_in_chunks_is_never_taken_for_its_first_part(edge: Edge, path: str) -> None:
    book = {"event_id": 1, "seat_number": "A1", "customer_id": "a"}
    text = post(path, book).partition(b"\r\n\r\n")[2].ljust(16384) + b"and this is no JSON"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
    pieces = [text[at : at + 1000] for at in range(0, len(text), 1000)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces)
    response, _ = edge.ask(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert response.status == 413


def test_an_answer_without_a_body_ends_where_it_says(edge: Edge) -> None:
    for first in (b"HEAD /nowhere", b"HEAD /events/1", b"OPTIONS /book", b"GET /"):
        with edge.connect() as one:
            one.sendall(first + b" HTTP/1.1\r\nHost: localhost\r\n\r\n" + GET + END)
            one.settimeout(5)
            received = b""
            while b'"status"' not in received:
                received += one.recv(65536)
            assert received.count(b"HTTP/1.1 ") == 2


def test_what_stands_behind_a_refused_request_is_not_carried_out(edge: Edge) -> None:
    hidden = post("/admin/think-time", {"think_time_ms": 77})
    for what, (text, status) in REFUSED.items():
        if status not in {404, 405, 421}:  # of these, one knows where they end
            with edge.connect() as one:
                one.sendall(text + hidden)
                assert everything(one).count(b"HTTP/1.1 ") == 1, what
    _, body = edge.ask(b"GET /admin/think-time HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert json.loads(body)["think_time_ms"] == 0


def everything(one: socket.socket) -> bytes:
    """Return what comes over a connection until the server ends it."""
    return b"".join(iter(lambda: one.recv(65536), b""))


def test_the_codes_are_ours_and_no_phrases_of_a_library() -> None:
    """Python 3.13 calls 413, 414 and 422 otherwise."""
    statuses = {int(status) for _, status in complaints._STATUS} | {413, 422, 500}
    assert {status: code_of(status) for status in statuses} == {
        400: "bad_request",
        408: "request_timeout",
        413: "request_entity_too_large",
        414: "request_uri_too_long",
        417: "expectation_failed",
        422: "unprocessable_entity",
        431: "request_header_fields_too_large",
        500: "internal_server_error",
        501: "not_implemented",
        505: "http_version_not_supported",
    }
