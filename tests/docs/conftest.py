"""Labs for the documents' commands."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from booking_lab.stack import RunningLab
from tests.uncounted import running_uncounted


@dataclass(frozen=True)
class DocumentedLab:
    """A lab as the documents' commands find it.

    Attributes:
        url: the service.
        data: its data folder.
        strategies: a folder where it looks for strategies; none: nowhere special.
        history: the file that it records to; none: it doesn't.
    """

    url: str
    data: Path
    strategies: Path | None = None
    history: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a reader's shell knows of it."""
        known = {
            "BASE_URL": self.url,
            "BOOKING_LAB_DATA": self.data,
            "BOOKING_LAB_STRATEGIES": self.strategies,
            "BOOKING_LAB_HISTORY": self.history,
        }
        return {name: str(value) for name, value in known.items() if value}


@pytest.fixture(scope="session")
def three_instances(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DocumentedLab]:
    """Three instances behind one port, with a folder for strategies."""
    strategies = tmp_path_factory.mktemp("strategies")
    with running_uncounted(instances=3, workers=1, strategy_folders=(str(strategies),)) as lab:
        yield DocumentedLab(lab.url, lab.data.path, strategies)


@pytest.fixture
def recording_lab(tmp_path: Path) -> Iterator[DocumentedLab]:
    """A new lab that records; from its first booking on, so that all of it can be checked."""
    history = tmp_path / "run.jsonl"
    with running_uncounted(workers=2, history=str(history)) as lab:
        yield DocumentedLab(lab.url, lab.data.path, history=history)


@pytest.fixture
def shared_lab(live_lab: RunningLab) -> Iterator[DocumentedLab]:
    """The lab that the whole test run shares; left as others expect it.

    Somebody has tried something else here before, as readers do: what they left is no hindrance.
    """
    oversold = {"kind": "tickets", "request": {"event_id": 3, "quantity": 3}, "strategy": "none"}
    requests.post(f"{live_lab.url}/admin/reset?kind=tickets&scope=3", timeout=30)
    race = requests.post(f"{live_lab.url}/admin/race", json=oversold, timeout=30)
    assert race.json()["anomaly"] == "oversell", race.text
    yield DocumentedLab(live_lab.url, live_lab.data.path)
    requests.post(f"{live_lab.url}/admin/think-time", json={"think_time_ms": 50}, timeout=30)
    requests.post(f"{live_lab.url}/admin/strategy", json={"strategy": "none"}, timeout=30)
    for reset in ("event_id=1", "kind=tickets&scope=3"):
        requests.post(f"{live_lab.url}/admin/reset?{reset}", timeout=30)


@pytest.fixture
def jq() -> None:
    """The documents' commands use jq."""
    if shutil.which("jq") is None:
        pytest.skip("there is no jq here; `make tools` installs it")
