"""The service as `serve` runs it, alone, with few threads, little patience and few descriptors."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Protocol

import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.stack import RunningLab
from booking_lab.stack.servers import postgres
from tests.ports import free_ports
from tests.stack.conftest import COMMAND

#: Settings of that service.
THREADS, REQUEST_TIMEOUT, KEEPALIVE, DESCRIPTORS = 9, 3.0, 4.0, 420


@dataclass
class Edge:
    """A service that is spoken to in bytes.

    Attributes:
        port: where.
        master: the process id of its gunicorn.
        database_url: its database.
    """

    port: int
    master: int
    database_url: str

    def connect(self, *, window: int = 0) -> socket.socket:
        """Return a new connection; ``window`` makes it one that takes little at a time."""
        one = socket.socket()
        if window:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        one.settimeout(20)
        try:
            one.connect(("127.0.0.1", self.port))
        except OSError:
            one.close()
            raise
        return one

    def ask(self, text: bytes) -> tuple[HTTPResponse, bytes]:
        """Send ``text`` over a connection of its own; return the answer and its body."""
        with self.connect() as one:
            with contextlib.suppress(OSError):  # it may be answered before all of it is sent
                one.sendall(text)
            return answer(one)

    def serves_others(self) -> bool:
        """Tell whether somebody else is answered."""
        with self.connect() as one:
            one.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return answer(one)[0].status == 200


def answer(one: socket.socket, method: str = "POST") -> tuple[HTTPResponse, bytes]:
    """Return the next answer that comes over a connection, and its body."""
    response = HTTPResponse(one, method=method)
    try:
        response.begin()
        return response, response.read()
    finally:
        response.close()


def post(path: str, body: object, *fields: str) -> bytes:
    """Return a POST of ``body`` as JSON, with the length that it has."""
    text = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *fields]
    return "\r\n".join([*lines, f"Content-Length: {len(text)}", "", ""]).encode() + text


class Serving(Protocol):
    """Makes a service that ends idle connections after so many seconds."""

    def __call__(
        self, keepalive: float, *, workers: int = 1, threads: int = THREADS
    ) -> contextlib.AbstractContextManager[Edge]: ...


@pytest.fixture(scope="session")
def serving(
    servers: RunningLab,
    admin_session: Callable[[str], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Serving:
    """Start a service with a database of its own for a block."""

    @contextlib.contextmanager
    def serving(keepalive: float, *, workers: int = 1, threads: int = THREADS) -> Iterator[Edge]:
        port = free_ports()
        database = f"edge_{port}"
        admin_session(f"CREATE DATABASE {database} TEMPLATE {postgres.NAME}")
        settings = {
            "DATABASE_URL": postgres.url(servers.run_folder, database),
            "REDIS_URL": servers.redis_url,
            "BOOKING_LAB_PORT": str(port),
            "BOOKING_LAB_WORKERS": str(workers),
            "BOOKING_LAB_THREADS": str(threads),
            "BOOKING_LAB_THINK_TIME_MS": "0",
            "BOOKING_LAB_REQUEST_TIMEOUT": str(REQUEST_TIMEOUT),
            "BOOKING_LAB_KEEPALIVE": str(keepalive),
        }
        log: Path = tmp_path_factory.mktemp("edge") / "log"
        few = (DESCRIPTORS, DESCRIPTORS)
        with log.open("wb") as output:
            serve = subprocess.Popen(
                [COMMAND, "serve"],
                env={**os.environ, **settings},
                stderr=output,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, few),
            )
        service = Edge(port, serve.pid, settings["DATABASE_URL"])
        try:
            eventually(service.serves_others, within=60)
            service.ask(post("/admin/think-time", {"think_time_ms": 0}))
            yield service
            assert "request failed" not in log.read_text(), log.read_text()
        finally:
            serve.terminate()
            serve.wait(30)
            admin_session(f"DROP DATABASE {database} WITH (FORCE)")

    return serving


@pytest.fixture(scope="session")
def edge(serving: Serving) -> Iterator[Edge]:
    """The service."""
    with serving(KEEPALIVE) as service:
        yield service
