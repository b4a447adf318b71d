"""One more instance of the running lab, in this process: its steps can be watched and struck at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
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
    """The instance."""

    def __init__(self, lab: RunningLab, settings: Settings) -> None:
        app = create_app(
            replace(
                settings,
                database_url=lab.database_url,
                redis_url=lab.redis_url,
                redlock_urls=lab.redlock_urls,
                instance="conformance",
            )
        )
        self.lab: Lab = app.extensions["lab"]
        self.client: FlaskClient = app.test_client()

    @contextmanager
    def watched(self, observer: Observer) -> Iterator[None]:
        """Let ``observer`` watch the bookings of this instance for the block."""
        engine = self.lab.engine
        self.lab.engine = engine.with_(self.lab.bookings, [observer])
        try:
            yield
        finally:
            self.lab.engine = engine


class StrikeAtStep(Observer):
    """Does something once, before a booking's nth step.

    Attributes:
        steps: the steps so far.
    """

    def __init__(self, number: int = 0, strike: Callable[[Step], None] = lambda _step: None):
        self.steps: list[Step] = []
        self._number = number
        self._strike = strike

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Count it, and strike if it is its turn."""
        self.steps.append(step)
        if len(self.steps) == self._number:
            self._strike(step)
        yield


class LockServers:
    """Embedded lock servers that can go away; whoever is connected is cut off.

    Args:
        urls: their addresses, which are sockets in the file system.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls

    def go_away(self) -> None:
        """Go away, unless they are."""
        for url in self._urls:
            socket, hidden = _socket(url), _hidden(_socket(url))
            if not hidden.exists():
                with redis.Redis.from_url(url) as client:
                    client.ping()  # the last who gets in, to send the others away
                    # Never without a file in its place: the lab would start another server there.
                    hidden.hardlink_to(socket)
                    nobody = socket.with_name(f"{socket.name}.nobody")
                    nobody.touch()
                    nobody.replace(socket)
                    client.client_kill_filter(_type="normal", skipme=True)

    def come_back(self) -> None:
        """Be there again, with all that they knew but what expires: that has."""
        for url in self._urls:
            socket = _socket(url)
            if _hidden(socket).exists():
                _hidden(socket).rename(socket)
        let_leases_expire(self._urls)


def let_leases_expire(urls: Sequence[str]) -> None:
    """Let as much time pass at lock servers as any expiry takes."""
    for url in urls:
        with redis.Redis.from_url(url) as client:
            for key in client.scan_iter():
                if client.pttl(key) > 0:
                    client.delete(key)


def _socket(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _hidden(socket: Path) -> Path:
    return socket.with_name(f"{socket.name}.away")
