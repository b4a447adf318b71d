"""A disk that is full is the server's trouble, and the lab says so before anybody books."""

import itertools
import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from booking_lab.stack.servers import postgres
from tests.web.test_booking import book

_numbers = itertools.count(1)


@pytest.fixture
def disk(servers):
    """A disk with little more room than a database takes."""
    with tempfile.TemporaryDirectory(prefix="bl-") as name:
        folder = Path(name)
        mount = ["mount", "-t", "tmpfs", "-o", "size=32m,mode=0711", "none", folder]
        if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("only root can make a disk that is small")
        folder.chmod(0o711)
        owner = (servers.run_folder / "postgresql").stat()
        (folder / "tables").mkdir()
        os.chown(folder / "tables", owner.st_uid, owner.st_gid)
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def database_url(servers, disk, admin_session):
    """A fresh database on that disk."""
    name = f"on_a_small_disk_{next(_numbers)}"
    admin_session(f"CREATE TABLESPACE {name} LOCATION '{disk / 'tables'}'")
    admin_session(
        f"CREATE DATABASE {name} TEMPLATE {postgres.NAME} TABLESPACE {name} STRATEGY file_copy"
    )
    yield postgres.url(servers.run_folder, name)
    admin_session(f"DROP DATABASE {name} WITH (FORCE)")
    admin_session(f"DROP TABLESPACE {name}")


def fill(filler):
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_a_full_disk_makes_a_lab_unready_and_no_strategy_wrong(client, disk):
    assert client.get("/ready").status_code == 200
    fill(disk / "filler")

    ready = client.get("/ready")
    assert (ready.status_code, ready.json["database"]) == (503, False)
    assert "No space left on device" in ready.json["problems"][0]
    # Until the pages that are there are full, bookings still find room.
    for seat in (f"{row}{number}" for row in "BCDEFGHIJ" for number in range(1, 11)):
        answer = book(client, seat, f"customer {'x' * 90}", strategy="pessimistic")
        if answer.status_code != 201:
            break
    assert answer.status_code == 503
    assert answer.json["code"] == "database_unavailable"
    assert "No space left on device" in answer.json["detail"]

    (disk / "filler").unlink()
    assert client.get("/ready").status_code == 200
    assert book(client, "A1").status_code == 201
