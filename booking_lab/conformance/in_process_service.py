"""One more instance of the running lab, in this process, for observers and faults at its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import redis
from flask.testing import FlaskClient

from booking_lab.config import Settings
from booking_lab.core.observer import Observer, Step
from booking_lab.runtime.lab import Lab
from booking_lab.stack import RunningLab
from booking_lab.web.app import create_app


class InProcessService:
    """An instance of the service in this process.

    Attributes:
        lab: its lab.
        client: a client for its HTTP API.

    Args:
        lab: the running lab whose servers it uses.
        settings: its other settings.
    """

    def __init__(self, lab: RunningLab, settings: Settings) -> None:
        app = create_app(lab.worker_settings(settings, "conformance"))
        self.lab: Lab = app.extensions["lab"]
        self.client: FlaskClient = app.test_client()

    @contextmanager
    def watched(self, observer: Observer) -> Iterator[None]:
        """Attach ``observer`` to the bookings of this instance for the block."""
        engine = self.lab.engine
        self.lab.engine = engine.derive(self.lab.bookings, [observer])
        try:
            yield
        finally:
            self.lab.engine = engine


class StrikeAtStep(Observer):
    """Calls a function once, before a given step of a booking.

    Attributes:
        steps: the steps so far.

    Args:
        number: the number of the step, from 1; 0: never.
        strike: the function.
    """

    def __init__(self, number: int = 0, strike: Callable[[Step], None] = lambda _step: None):
        self.steps: list[Step] = []
        self._number = number
        self._strike = strike

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Count the step, and strike before the given one."""
        self.steps.append(step)
        if len(self.steps) == self._number:
            self._strike(step)
        yield


class LockServers:
    """Embedded lock servers that can be made unreachable. Their connections are closed then.

    Args:
        urls: their addresses, which are Unix sockets.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls

    def go_away(self) -> None:
        """Make the servers unreachable, unless they are already."""
        for url in self._urls:
            socket, hidden = _socket(url), _hidden(_socket(url))
            if not hidden.exists():
                with redis.Redis.from_url(url) as client:
                    client.ping()  # connects, to close all other connections below
                    # The socket is replaced in one step: without it, the lab restarts the server.
                    hidden.hardlink_to(socket)
                    nobody = socket.with_name(f"{socket.name}.nobody")
                    nobody.touch()
                    nobody.replace(socket)
                    client.client_kill_filter(_type="normal", skipme=True)

    def come_back(self) -> None:
        """Make the servers reachable again, and expire all leases."""
        for url in self._urls:
            socket = _socket(url)
            if _hidden(socket).exists():
                _hidden(socket).rename(socket)
        let_leases_expire(self._urls)


def let_leases_expire(urls: Sequence[str]) -> None:
    """Expire all keys with a TTL at these lock servers."""
    for url in urls:
        with redis.Redis.from_url(url) as client:
            for key in client.scan_iter():
                if client.pttl(key) > 0:
                    client.delete(key)


def _socket(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _hidden(socket: Path) -> Path:
    return socket.with_name(f"{socket.name}.away")
