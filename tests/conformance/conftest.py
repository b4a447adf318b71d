"""Shares the explorations, and runs the suite as a strategy's author does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from booking_lab.workloads import Workloads
from tests.explorer.conftest import exploration_servers, run
from tests.uncounted import uncounted

__all__ = ["exploration_servers", "run"]

#: The plainest workload is enough: where a mistake is one on the others as well, it costs time.
ON_ONE_WORKLOAD = " and ".join(f"not {workload.name}" for workload in list(Workloads())[1:])
#: What failed, by test: why.
Failures = dict[str, str]
RunSuite = Callable[..., Failures]


@pytest.fixture(scope="module")
def run_suite(tmp_path_factory: pytest.TempPathFactory) -> RunSuite:
    """Run modules of the suite on strategies, in a process of its own, outside of the checkout."""

    def run_suite(*modules: str, strategies: list[str | Path], only: str = "") -> Failures:
        folder = tmp_path_factory.mktemp("authors")
        report = folder / "report.xml"
        command = [sys.executable, "-m", "pytest", "--pyargs"]
        command += [f"booking_lab.conformance.{module}" for module in modules]
        command += [f"--strategy={strategy}" for strategy in strategies]
        command += [f"--junit-xml={report}", "-p", "no:cacheprovider", "-k", only]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, env=_without_options()
        )
        assert done.returncode in {0, 1}, done.stdout + done.stderr
        return {
            case.attrib["name"]: "\n".join(failure.itertext())
            for case in ElementTree.parse(report).iter("testcase")
            for failure in case.iter("failure")
        }

    return run_suite


def _without_options() -> dict[str, str]:
    """The environment without what this run's own workers are told by it, and uncounted.

    That is quicker, and the same lines are counted elsewhere.
    """
    return {k: v for k, v in uncounted().items() if not k.startswith("PYTEST_")}
