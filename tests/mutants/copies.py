"""Copies of the checkout, with a virtual environment in which the copy is the installed package."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import witness
from tests.mutants.changes import ROOT
from tests.mutants.witness import Seen

#: Seconds that the tests of one change get.
LIMIT = 600


@dataclass(frozen=True)
class Ran:
    """How tests went.

    Attributes:
        code: pytest's exit code; -1: they came to no end.
        last: what was printed last.
        failed: what failed.
    """

    code: int
    last: str
    failed: Sequence[Seen] = ()


class Copy:
    """One copy; a change is made in it, the tests are run, and the change is taken back.

    Args:
        folder: where the copy is made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).exists():  # it may be removed and not committed yet
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target)
        self._install()

    def _install(self) -> None:
        """Make the environment: the checkout's packages, and in front of them the copy."""
        environment = self.folder / ".venv"
        venv.create(environment, symlinks=True)
        site = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
        site.joinpath("copy.pth").write_text(f"{self.folder}\n{sysconfig.get_path('purelib')}\n")
        (self.folder / ".venv" / ".installed").touch()
        own = environment / "bin"
        for script in Path(sys.executable).parent.iterdir():
            if not own.joinpath(script.name).exists() and script.is_file():
                content = script.read_bytes()
                theirs = f"#!{Path(sys.executable).parent}".encode()
                own.joinpath(script.name).write_bytes(content.replace(theirs, f"#!{own}".encode()))
                own.joinpath(script.name).chmod(0o755)

    def pytest(self, *arguments: str) -> Ran:
        """Run tests."""
        file = self.folder / "witness.json"
        file.unlink(missing_ok=True)
        command = [self.folder / ".venv/bin/python", "-m", "pytest", "-q", *arguments]
        process = subprocess.Popen(
            [*command, "-p", "no:cacheprovider", "-p", witness.__name__],
            cwd=self.folder, env={**os.environ, witness.FILE: str(file)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            output, _ = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return Ran(-1, f"no end in {LIMIT} seconds")
        finally:
            # Also on Ctrl-C: the servers that a test has started are in the same session.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        last = (output.strip().splitlines() or ["(nothing printed)"])[-1]
        return Ran(process.returncode, last, witness.read(file))
