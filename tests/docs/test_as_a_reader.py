"""The Makefile, hints and the conformance suite, used as a reader uses them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from booking_lab.stack import hints

from .markdown import ROOT, section
from .reader import OF_MAKE

COMMAND = Path(sys.executable).with_name("booking-lab")
_PRINTS_ITS_ARGUMENTS = "import json, os, sys; print(json.dumps([*sys.argv[1:], dict(os.environ)]))"
_FETCHES = (
    "print('Obtaining file:///x\\nCollecting one==1\\n  Using cached one\\nCollecting two==2')"
)


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """A virtual environment of programs that only say how they were called."""
    (tmp_path / "bin").mkdir()
    programs = dict.fromkeys(("booking-lab", "k6"), _PRINTS_ITS_ARGUMENTS)
    for name, program in (programs | {"python": _FETCHES}).items():
        file = tmp_path / "bin" / name
        file.write_text(f"#!{sys.executable} -P\n{program}\n")
        file.chmod(0o755)
    return tmp_path


def make(venv: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", f"VENV={venv}", *arguments],
        cwd=ROOT, env={name: v for name, v in os.environ.items() if name not in OF_MAKE},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_says_what_it_fetches_and_wants_no_test_tools(venv: Path) -> None:
    printed = make(venv, "demo").splitlines()
    assert printed[:3] == [
        "Installing what the lab needs to run, once:",
        "  fetching one==1",
        "  fetching two==2",
    ]
    assert json.loads(printed[3])[0] == "demo"
    assert len(make(venv, "demo").splitlines()) == 1  # once
    for target, extra in (("demo", "embedded"), ("load", "embedded,load"), ("lint", "dev")):
        recipe = make(venv, "--dry-run", "--always-make", target)
        assert f"--constraint requirements.lock --editable '.[{extra}]'" in recipe
        assert ("dev]" in recipe) is (extra == "dev")


def test_every_target_installs_what_it_runs(tmp_path: Path) -> None:
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "mixtures" in targets
    for target in targets:
        recipe = make(tmp_path / "none", "--dry-run", target)
        assert ("pip install" in recipe) is (f"{tmp_path}/none/bin/" in recipe), target


@pytest.mark.parametrize("data", ["/tmp/a b", "/tmp/it's", '/tmp/"quoted" $HOME', "/tmp/é"])
def test_settings_of_make_take_blanks_and_quotes(venv: Path, data: str) -> None:
    given = data.replace("$", "$$")  # which is make's own
    printed = make(venv, "up", f"DATA={given}", "PORT=9", "INSTANCES=2").splitlines()[-1]
    assert json.loads(printed)[:-1] == [
        "up", "--port", "9", "--instances", "2", "--data", data,
    ]  # fmt: skip
    for target in ("down", "status", "logs"):
        assert json.loads(make(venv, target, f"DATA={given}"))[:-1] == [target, "--data", data]
    assert json.loads(make(venv, "down"))[:-1] == ["down"]
    *said, environment = json.loads(
        make(venv, "load", "SCRIPT=a b", "STRATEGY=c d", "PORT=9").splitlines()[-1]
    )
    assert said == ["run", "--no-usage-report", "k6/a b.js"]
    assert environment["STRATEGY"] == "c d"
    assert environment["BASE_URL"] == "http://localhost:9"


@pytest.mark.parametrize("folder", ["/tmp/booking-lab-test", "/tmp/a b's"])
def test_a_hint_can_be_pasted(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.environ["PATH"].replace(str(COMMAND.parent), "/nowhere"))
    monkeypatch.chdir(tmp_path)
    hint = hints.command("status", Path(folder)).strip("`")
    assert shlex.split(hint) == [str(COMMAND), "status", "--data", folder]
    told = subprocess.run(["bash", "-c", hint], capture_output=True, text=True, check=False)
    assert told.returncode == 3
    # And what it says can be pasted as well.
    [again] = re.findall("`(.*)`", told.stdout)
    assert shlex.split(again) == [str(COMMAND), "up", "--data", folder]

    monkeypatch.setenv("BOOKING_LAB_DATA", folder)
    assert hints.command("down", Path(folder)) == f"`{COMMAND} down`"
    monkeypatch.setenv("PATH", f"{COMMAND.parent}:/bin")
    assert hints.command("down", Path(folder)) == "`booking-lab down`"
    monkeypatch.chdir(COMMAND.parents[2])
    monkeypatch.setenv("PATH", "/bin")
    relative = COMMAND.relative_to(COMMAND.parents[2])
    assert hints.command("down", Path(folder)) == f"`{relative} down`"


def test_the_conformance_suite_is_run_from_here(tmp_path: Path) -> None:
    guide = ROOT / "strategies" / "README.md"
    (tmp_path / "snapshot.py").write_text(section(guide, "One of your own").of("python")[0].text)
    [block] = section(guide, "Test it").of("sh")
    called = [line for line in block.text.splitlines() if line.startswith("pytest ")]
    assert len(called) == 2
    for line in called:
        arguments = shlex.split(line.replace("my-strategies/", f"{tmp_path}/"))[1:]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *arguments, "--collect-only", "-q"],
            cwd=ROOT, env={**os.environ, "BOOKING_LAB_STRATEGIES": str(tmp_path)},
            capture_output=True, text=True, timeout=280, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "test_interleavings.py" in done.stdout
        assert "[snapshot" in done.stdout


def test_what_a_reader_makes_is_none_of_the_linters_business(tmp_path: Path) -> None:
    for folder in ("my-strategies", "my-workloads/desks"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "mine.py").write_text("import os, sys; x=1\n\n\n\ndef f( ):  pass")
    (tmp_path / "run.jsonl").touch()
    ruff = [COMMAND.with_name("ruff"), "--config", str(ROOT / "pyproject.toml")]
    for command in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        done = subprocess.run([*ruff, *command], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout
    ignored = subprocess.run(
        ["git", "check-ignore", "my-strategies/mine.py", "my-workloads/desks/mine.py", "run.jsonl"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert len(ignored.stdout.splitlines()) == 3 or not (ROOT / ".git").exists()
