"""The service in this process, on a database of its own."""

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from booking_lab.config import Settings
from booking_lab.stack import RunningLab
from booking_lab.stack.servers import postgres
from booking_lab.web.app import create_app

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


@pytest.fixture(scope="module")
def shared_client(
    servers: RunningLab, admin_session: Callable[[str], None]
) -> Iterator[FlaskClient]:
    """A client of a lab without think time that the tests of a module share."""
    admin_session(f"CREATE DATABASE web TEMPLATE {postgres.NAME}")
    url = postgres.url(servers.run_folder, "web")
    app = create_app(Settings(database_url=url, redis_url=servers.redis_url, log_level="ERROR"))
    app.extensions["lab"].start()
    client = app.test_client()
    client.post("/admin/think-time", json={"think_time_ms": 0})
    yield client
    app.extensions["lab"].stop()
    admin_session("DROP DATABASE web WITH (FORCE)")


@pytest.fixture
def quick(shared_client: FlaskClient) -> FlaskClient:
    """The shared client, with nothing booked."""
    for workload in shared_client.get("/admin/workloads").json["workloads"]:
        for scope in workload["available"]:
            reset = f"/admin/reset?kind={workload['name']}&scope={scope}"
            assert shared_client.post(reset).status_code == 200
    return shared_client
