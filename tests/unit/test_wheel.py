"""The package as others get it: a wheel, in which nothing of the checkout is missing."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest

from booking_lab.explorer.matrix import matrix
from booking_lab.runtime.strategy_registry import SHIPPED, Registry

ROOT = Path(__file__).resolve().parents[2]

#: Prints what an installed package finds.
FOUND = """
import json
from booking_lab.db.scripts import of_workload
from booking_lab.explorer.matrix import matrix
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads
registry = Registry([SHIPPED], shelf=True)
print(json.dumps({
    "folder": str(SHIPPED),
    "strategies": {one.name: one.strategy_class.__module__ for one in registry.entries()},
    "unusable": [one.file for one in registry.load_failures()],
    "tables": [one.name for one in Workloads() if of_workload(one).scripts],
    "rests on": matrix.digest(),
    "cells": len(matrix.load()),
}))
"""


def build(source: Path, into: Path) -> ZipFile:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", into]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    [wheel] = into.glob("*.whl")
    return ZipFile(wheel)


def content(wheel: ZipFile) -> list[str]:
    return sorted(name for name in wheel.namelist() if ".dist-info/" not in name)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    return build(ROOT, tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def installed(wheel: ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel brings."""
    folder = tmp_path_factory.mktemp("installed")
    wheel.extractall(folder)
    return folder


def run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python outside of the checkout, with the installed package in front of the others."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=installed.parent, env=environment, text=True,
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_wheel_has_all_that_git_has(wheel: ZipFile) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--",
         "booking_lab", "strategies"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    there = [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]
    assert len(there) > 200
    assert content(wheel) == sorted(
        re.sub("^strategies/", "booking_lab/strategies/", name) for name in there
    )


def test_an_installed_package_finds_what_a_checkout_finds(installed: Path) -> None:
    done = run(installed, "-c", FOUND)
    assert done.returncode == 0, done.stderr
    here = Registry([SHIPPED], shelf=True)
    assert json.loads(done.stdout) == {
        "folder": str(installed / "booking_lab" / "strategies"),
        "strategies": {one.name: one.strategy_class.__module__ for one in here.entries()},
        "unusable": [],
        "tables": ["seats", "slots", "tickets"],
        "rests on": matrix.digest(),
        "cells": len(matrix.load()),
    }


@pytest.mark.parametrize(
    ("command", "document"), [("matrix", "README.md"), ("mixtures", "docs/mixtures.md")]
)
def test_a_document_is_written_in_a_checkout_alone(
    installed: Path, command: str, document: str
) -> None:
    program = "from booking_lab.cli.entry import run; run()"
    done = run(installed, "-c", program, command, "--write")
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert f"without {document}. Use --json" in line


def copied(dockerfile: str) -> Sequence[str]:
    """What the first stage copies out of the checkout."""
    lines = re.findall(r"^COPY (?!--from)(.*)", dockerfile, re.MULTILINE)
    return [name for line in lines for name in shlex.split(line)[:-1]]


def test_the_image_is_built_of_all_that_the_wheel_takes(wheel: ZipFile, tmp_path: Path) -> None:
    names = copied((ROOT / "Dockerfile").read_text())
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for name in names:
        assert f"!{name}" in ignored
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    built = build(tmp_path, tmp_path / "built")
    assert sorted(built.namelist()) == sorted(wheel.namelist())
