"""The real command line, in data folders of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import requests

from booking_lab.stack.processes.lab_state import LabState, ProcessState
from tests.ports import free_ports

COMMAND = Path(sys.executable).with_name("booking-lab")


@dataclass
class CommandLine:
    """`booking-lab` on one data folder."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    #: With two that follow, for a lab of two instances.
    port: int = field(default_factory=lambda: free_ports(3))

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments, "--data", self.data],
            env={**os.environ, **self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=240,  # it is there to end what hangs, not what is slow on a busy machine
            check=False,
        )

    def up(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self("up", "--port", str(self.port), "--workers", "2", *arguments, **environment)

    @property
    def state(self) -> LabState:
        """What the lab has written down."""
        state = LabState.read(self.data / "state.json")
        assert state
        return state

    def parts(self) -> dict[str, ProcessState]:
        return {part.name: part for part in self.state.everyone}

    def pid(self, part: str) -> int:
        return self.parts()[part].process.pid

    def ready(self) -> bool:
        return answers(f"{self.url}/ready")

    def processes(self) -> list[psutil.Process]:
        """Everyone in the lab, PostgreSQL's sessions and gunicorn's workers included."""
        supervisor = psutil.Process(self.pid("supervisor"))
        return [supervisor, *supervisor.children(recursive=True)]


def answers(url: str) -> bool:
    """Tell whether a GET is answered, and well."""
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def gone(processes: list[psutil.Process]) -> bool:
    """Tell whether all of them have ended (a zombie has)."""
    return not any(_lives(process) for process in processes)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it has ended between the two questions
        return False


@contextmanager
def own_lab() -> Iterator[CommandLine]:
    """The command line on a data folder of its own; stopped at the end."""
    # Not pytest's tmp_path: that is closed to the user that PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="booking-lab-test-"))
    folder.chmod(0o711)
    line = CommandLine(folder)
    yield line
    if (folder / "state.json").exists():
        line("down")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def lab() -> Iterator[CommandLine]:
    """A lab that the test starts itself."""
    with own_lab() as line:
        yield line
