"""A plug-in of pytest: takes down what failed first, for those who started pytest."""

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


def read(file: Path) -> Seen | None:
    """Return what failed first; none: nothing has."""
    return Seen(**json.loads(file.read_text())) if file.exists() else None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take down the first failure."""
    file = Path(os.environ[FILE])
    if report.failed and not file.exists():
        crash = getattr(report.longrepr, "reprcrash", None)
        why = str(crash.message if crash else report.longrepr)
        seen = Seen(report.nodeid, report.when or "", " ".join(why.split())[:200])
        file.write_text(json.dumps(asdict(seen)))
