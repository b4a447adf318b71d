"""The service in this process, on a database of its own."""

import time
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from booking_lab.config import Settings
from booking_lab.web import create_app

MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def make_client(database_url: str, redis_url: str) -> Iterator[MakeClient]:
    """Make clients of labs with settings of their own; all are stopped at the end."""
    made: list[FlaskClient] = []

    def make(**changes: object) -> FlaskClient:
        settings = {
            "database_url": database_url,
            "redis_url": redis_url,
            "log_level": "ERROR",
            **changes,
        }
        app = create_app(Settings(**settings))  # type: ignore[arg-type]
        app.extensions["lab"].start()
        made.append(app.test_client())
        return made[-1]

    yield make
    for client in made:
        client.application.extensions["lab"].stop()


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    """A client of a lab as it is by default."""
    return make_client()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until something is so, with a deadline."""

    def wait(condition: Callable[[], bool], within: float = 10.0) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, "it did not become so in time"
            time.sleep(0.02)

    return wait
