"""Whoever stands in a folder with files of the names of modules does not run these."""

import os
import subprocess
from pathlib import Path

import pytest

from booking_lab.config import Settings
from booking_lab.conformance.waiting import eventually
from booking_lab.stack.launch_spec import environment_for
from tests.ports import free_ports
from tests.stack.conftest import COMMAND, CommandLine, answers

#: A package, one of its own, one of the standard library, and what gunicorn would look for.
NAMES = ("redis", "booking_lab", "json", "gunicorn.conf", "sitecustomize")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    for name in NAMES:
        text = f"from pathlib import Path; Path({str(tmp_path)!r}, 'ran').touch()"
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / ".env").write_text("BOOKING_LAB_THREADS=nonsense")
    return tmp_path


def there(folder: Path, *arguments: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [COMMAND, *arguments],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_up_imports_nothing_from_the_working_folder(lab: CommandLine, hostile: Path) -> None:
    options = ("--data", lab.data, "--port", str(lab.port), "--workers", "1")
    there(hostile, "up", *options)
    assert lab.ready()
    there(hostile, "down", "--data", lab.data)
    assert not (hostile / "ran").exists()


def test_serve_imports_nothing_from_the_working_folder(
    hostile: Path, database_url: str, redis_url: str
) -> None:
    port = str(free_ports())
    variables = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "BOOKING_LAB_PORT": port}
    serve = subprocess.Popen([COMMAND, "serve"], cwd=hostile, env={**os.environ, **variables})
    try:
        eventually(lambda: answers(f"http://127.0.0.1:{port}/ready"), within=60)
    finally:
        serve.terminate()
        assert serve.wait(30) == 0
    assert not (hostile / "ran").exists()


def test_an_empty_part_of_the_path_is_the_working_folder_and_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", ":relative:/of/ones/own")
    assert environment_for(Settings())["PYTHONPATH"] == "/of/ones/own"
    monkeypatch.setenv("PYTHONPATH", ":.")
    assert "PYTHONPATH" not in environment_for(Settings())


@pytest.mark.parametrize("path", [":/nowhere", "/nowhere:", "."])
def test_nor_does_a_command_take_a_package_from_there(tmp_path: Path, path: str) -> None:
    for name in ("click", "psycopg2", "pydantic", "redis", "rich"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken from the working folder')")
    assert "pessimistic" in there(tmp_path, "strategies", PYTHONPATH=path)


def test_the_explorers_processes_import_nothing_from_it(hostile: Path) -> None:
    there(hostile, "matrix", "--without-nemesis", "--strategy", "atomic")  # the smallest
    assert not (hostile / "ran").exists()
