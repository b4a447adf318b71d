"""Labs for the documents' commands."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from booking_lab.stack import RunningLab, running


@dataclass(frozen=True)
class OwnLab:
    """A lab that only the documents use.

    Attributes:
        url: its three instances.
        strategies: a folder where it looks for strategies.
    """

    url: str
    strategies: Path


@pytest.fixture(scope="session")
def three_instances(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnLab]:
    """Three instances behind one port, with a folder for strategies."""
    strategies = tmp_path_factory.mktemp("strategies")
    with running(instances=3, workers=1, strategy_folders=(str(strategies),)) as lab:
        yield OwnLab(lab.url, strategies)


@pytest.fixture
def shared_url(live_lab: RunningLab) -> Iterator[str]:
    """The lab that the whole test run shares; left as others expect it."""
    yield live_lab.url
    requests.post(f"{live_lab.url}/admin/think-time", json={"think_time_ms": 50}, timeout=30)
    requests.post(f"{live_lab.url}/admin/strategy", json={"strategy": "none"}, timeout=30)
    requests.post(f"{live_lab.url}/admin/reset?event_id=1", timeout=30)


@pytest.fixture
def jq() -> None:
    """The documents' commands use jq."""
    if shutil.which("jq") is None:
        pytest.skip("there is no jq here; `make tools` installs it")
