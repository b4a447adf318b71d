"""The lab in this process without its HTTP side, and its box office, whose counter all want."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import pytest

from booking_lab.config import Settings
from booking_lab.runtime.lab import Lab
from tests.faults.proxy import Proxy
from tests.think_time import set_think_time
from tests.workloads.box_office import BoxOffice
from tests.workloads.conftest import lab, office

__all__ = ["lab", "office"]

MakeOffice = Callable[..., BoxOffice]


@pytest.fixture
def make_office(database_url: str, redis_url: str) -> Iterator[MakeOffice]:
    """Make labs with settings of their own, as workers on one database; all end with the test."""
    made: list[Lab] = []
    set_think_time(database_url, 0)

    def make(**changes: object) -> BoxOffice:
        settings = {
            "database_url": database_url,
            "redis_url": redis_url,
            "log_level": "ERROR",
            **changes,
        }
        made.append(Lab(Settings(**settings)))  # type: ignore[arg-type]
        made[-1].start()
        return BoxOffice(made[-1])

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def proxied(make_office: MakeOffice, database_url: str) -> Iterator[tuple[BoxOffice, Proxy]]:
    """A box office behind a proxy that can lose messages."""
    url = urlsplit(database_url)
    # A Unix socket's path may have 107 bytes; pytest's folders are often longer.
    with TemporaryDirectory(prefix="bl-") as folder:
        proxy = Proxy(Path(folder), f"{parse_qs(url.query)['host'][0]}/.s.PGSQL.5432")
        yield make_office(database_url=url._replace(query=f"host={folder}").geturl()), proxy
        proxy.close()
