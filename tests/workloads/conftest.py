"""The lab in this process without its HTTP side, on a database of its own."""

from collections.abc import Callable, Iterator

import pytest

from booking_lab.config import Settings
from booking_lab.runtime.lab import Lab
from booking_lab.stack import RunningLab
from booking_lab.stack.servers import postgres
from tests.think_time import set_think_time
from tests.workloads.box_office import BoxOffice
from tests.workloads.clinic import Clinic

_DATABASE = "test_workloads"


@pytest.fixture(scope="module")
def lab(servers: RunningLab, admin_session: Callable[[str], None]) -> Iterator[Lab]:
    """A lab for the tests of one module; each begins with a reset of what it books."""
    admin_session(f"CREATE DATABASE {_DATABASE} TEMPLATE {postgres.NAME}")
    database_url = postgres.url(servers.run_folder, _DATABASE)
    set_think_time(database_url, 0)
    lab = Lab(
        Settings(
            database_url=database_url,
            redis_url=servers.redis_url,
            redlock_urls=servers.redlock_urls,
            log_level="ERROR",
            # Twenty in a line take a while on a busy machine, and nobody is to give up.
            lock_timeout=60,
            statement_timeout=90,
        )
    )
    lab.start()
    yield lab
    lab.stop()
    admin_session(f"DROP DATABASE {_DATABASE} WITH (FORCE)")


@pytest.fixture
def office(lab: Lab) -> BoxOffice:
    """Sells that lab's tickets; none is sold yet."""
    office = BoxOffice(lab)
    office.start_over()
    return office


@pytest.fixture
def clinic(lab: Lab) -> Iterator[Clinic]:
    """Books that lab's slots; nothing is booked yet."""
    clinic = Clinic(lab)
    clinic.start_over()
    yield clinic
    clinic.finish()
