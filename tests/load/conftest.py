"""A lab that is put back as it was, and one with strategies that don't keep their word."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from booking_lab.stack import RunningLab
from tests.uncounted import running_uncounted

STRATEGY = '''"""Doesn't keep its word."""

from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class Dishonest(Strategy):
    """Declares that it lets nothing through."""

    def book(self, attempt: Attempt) -> None:
        """Book, come what may."""
        with attempt.transaction():
            {body}
'''


@pytest.fixture
def url(live_lab: RunningLab) -> Iterator[str]:
    """The shared lab; its strategy and think time are put back afterwards."""
    admin = f"{live_lab.url}/admin"
    before = requests.get(f"{admin}/strategy", timeout=10).json()
    yield live_lab.url
    for path, wanted in (
        ("strategy", {name: before[name] for name in ("strategy", "options")}),
        ("think-time", {"think_time_ms": before["think_time_ms"]}),
    ):
        requests.post(f"{admin}/{path}", json=wanted, timeout=10).raise_for_status()
    requests.post(f"{admin}/reset?event_id=1", timeout=10).raise_for_status()


@pytest.fixture(scope="session")
def dishonest_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("strategies")
    for name, body in (
        ("liar", "attempt.write(attempt.decide(attempt.read()))"),
        ("crasher", 'raise ValueError("a bug")'),
    ):
        (folder / f"{name}.py").write_text(STRATEGY.format(body=body))
    with running_uncounted(workers=2, strategy_folders=(str(folder),)) as lab:
        yield lab.url
