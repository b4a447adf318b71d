"""Servers and labs that the tests share: real ones, started once a run.

`database_url`, `redis_url` and `redlock_urls` give a test an empty world of its own; `live_lab` is
the whole lab over HTTP, shared by all that use it.
"""

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path

import psycopg2
import pytest
import redis

from booking_lab.config import Settings, forget_clients_environment
from booking_lab.db import schema
from booking_lab.stack import RunningLab, embedded, running
from booking_lab.stack.servers import postgres

_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    # A shell that runs a job in the background has it ignore Ctrl-C, and what it starts does too.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _no_settings() -> None:
    """What the developer has set for a lab of their own must not reach the tests.

    For tests below this folder alone: pytest takes this file along in runs of the conformance
    suite, and these are about what is set.
    """
    for field in fields(Settings):
        os.environ.pop(field.metadata["variable"], None)
    os.environ.pop("BOOKING_LAB_DATA", None)
    forget_clients_environment()


@pytest.fixture(scope="session")
def servers() -> Iterator[RunningLab]:
    """PostgreSQL and Valkey without a service; its database is prepared, and only a template."""
    with _quick_folder() as data, embedded(data=data, durable=False) as lab:
        schema.migrate(lab.database_url, Settings(database_url=lab.database_url))
        yield lab


@contextmanager
def _quick_folder() -> Iterator[Path]:
    """In memory where there is room: a database is 300 files, and disks are sometimes slow."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    with tempfile.TemporaryDirectory(prefix="booking-lab-", dir=memory if roomy else None) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's user has to pass through
        yield folder


@pytest.fixture(scope="session")
def admin_session(servers: RunningLab) -> Callable[[str], None]:
    """Runs a statement outside of any test's database."""
    url = postgres.url(servers.run_folder, "postgres")

    def execute(statement: str) -> None:
        # Connected anew each time: some tests have PostgreSQL crash.
        with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
            session.autocommit = True
            cursor.execute(statement)

    return execute


@pytest.fixture
def database_url(servers: RunningLab, admin_session: Callable[[str], None]) -> Iterator[str]:
    """A fresh database with the lab's tables and seats, for one test."""
    name = f"test_{next(_numbers)}"
    # Copied file by file, it is there in half the time.
    admin_session(f"CREATE DATABASE {name} TEMPLATE {postgres.NAME} STRATEGY file_copy")
    yield postgres.url(servers.run_folder, name)
    admin_session(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(servers: RunningLab, admin_session: Callable[[str], None]) -> Iterator[str]:
    """A database with nothing in it, for one test."""
    name = f"empty_{next(_numbers)}"
    admin_session(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
    yield postgres.url(servers.run_folder, name)
    admin_session(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def redis_url(servers: RunningLab) -> str:
    """An empty Valkey, for one test."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushall()
    return servers.redis_url


@pytest.fixture
def redlock_urls(servers: RunningLab) -> tuple[str, ...]:
    """Redlock's servers, each of them empty, for one test."""
    for url in servers.redlock_urls:
        with redis.Redis.from_url(url) as client:
            client.flushall()
    return servers.redlock_urls


@pytest.fixture(scope="session")
def live_lab() -> Iterator[RunningLab]:
    """The whole lab, one instance with four workers; restore what you switch."""
    with running(workers=4) as lab:
        yield lab
