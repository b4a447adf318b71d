"""A plug-in of pytest: takes down what failed, for those who started pytest."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

#: The variable that names the file.
FILE = "MUTANTS_WITNESS"


@dataclass(frozen=True)
class Seen:
    """What failed.

    Attributes:
        test: its id.
        when: ``setup``, ``call`` or ``teardown``.
        why: the error in a line.
    """

    test: str
    when: str
    why: str


def read(file: Path) -> list[Seen]:
    """Return what failed, in this order."""
    lines = file.read_text().splitlines() if file.exists() else []
    return [Seen(**json.loads(line)) for line in lines]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take down a failure."""
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        why = str(crash.message if crash else report.longrepr)
        seen = Seen(report.nodeid, report.when or "", " ".join(why.split())[:200])
        with Path(os.environ[FILE]).open("a") as file:
            file.write(json.dumps(asdict(seen)) + "\n")
