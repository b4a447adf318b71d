"""What `up` says when it can't: one line that tells what to do, and nothing is left running."""

import concurrent.futures
import os
import resource
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.conftest import COMMAND, CommandLine


def refused(result: subprocess.CompletedProcess[str], code: int = 1) -> str:
    """Check that it failed with one line, and return that."""
    assert result.returncode == code, result.stdout
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.strip().splitlines()) == 1
    return result.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("BOOKING_LAB_LOG_LEVEL", "loud", "choose one of DEBUG, INFO, WARNING, ERROR"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "jaeger", "it takes http://host:port"),
        ("BOOKING_LAB_STRATEGY", "nosuch", "There is no strategy 'nosuch'; there are: advisory"),
        ("BOOKING_LAB_STRATEGY", "../tests/ports", "There is no strategy '../tests/ports'"),
        ("BOOKING_LAB_STRATEGIES", "/nowhere", "names /nowhere, which is not a folder"),
        ("BOOKING_LAB_WORKLOADS", "/nowhere", "names /nowhere, which is not a folder"),
        ("DATABASE_URL", "nonsense", "can't be read: write postgresql://"),
        ("REDIS_URL", "http://127.0.0.1", "can't be read: write redis://"),
    ],
)
def test_a_setting_of_no_use_is_named_before_anything_is_started(
    lab: CommandLine, variable: str, value: str, says: str
) -> None:
    line = refused(lab.up(**{variable: value}), 2)
    assert variable in line
    assert says in line
    assert not (lab.data / "postgresql").exists()


def test_a_taken_port_is_named(lab: CommandLine, taken: int) -> None:
    lab.port = taken
    line = refused(lab.up())
    assert f"Port {taken} is taken" in line
    assert "--port" in line
    assert not (lab.data / "postgresql").exists()
    assert lab("status").returncode == 3


def test_of_two_at_once_one_wins_and_the_other_says_where_it_runs(lab: CommandLine) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda _: lab.up(), range(2)))
    assert sorted(result.returncode for result in results) == [0, 1]
    loser = next(result for result in results if result.returncode)
    assert "Error: " in loser.stderr
    line = refused(lab.up())
    assert f"Already running at {lab.url}, pid {lab.pid('supervisor')}" in line
    assert "booking-lab down" in line
    assert lab.ready()


def test_a_folder_that_can_not_be_written(lab: CommandLine) -> None:
    (lab.data / "file").touch()
    lab.data = lab.data / "file" / "below"
    assert "can't be written" in refused(lab.up())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_somebody_else(lab: CommandLine) -> None:
    lab.data.chmod(0o500)
    assert "can't be written" in refused(lab.up())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_a_folder_closed_to_the_user_that_postgresql_runs_as(lab: CommandLine) -> None:
    lab.data.chmod(0o700)
    line = refused(lab.up())
    assert f"chmod o+x {lab.data}" in line


def test_a_full_disk(lab: CommandLine) -> None:
    # No file may grow beyond 1 MB: initdb fails as on a full disk.
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    command = [COMMAND, "up", "--data", lab.data, "--port", str(lab.port)]
    line = refused(
        subprocess.run(
            command, preexec_fn=limit, capture_output=True, text=True, timeout=60, check=False
        )
    )
    assert "could not be set up" in line
    assert "--data" in line
    assert not (lab.data / "postgresql").exists()
    assert lab("status").returncode == 3


def test_dead_servers_of_the_users_own(lab: CommandLine, taken: int) -> None:
    closed = "postgresql://me:s3cret@127.0.0.1:9/lab"
    line = refused(lab.up(DATABASE_URL=closed))
    assert "DATABASE_URL can't be used at 127.0.0.1:9: Connection refused" in line
    assert "s3cret" not in line

    line = refused(lab.up(DATABASE_URL="postgresql://me:s3/cret@127.0.0.1:9/lab"))
    assert "DATABASE_URL" in line
    assert "cret" not in line

    line = refused(lab.up(DATABASE_URL="postgresql://me:s3@cret@127.0.0.1:9/lab"))
    assert "%40" in line
    assert "cret" not in line

    line = refused(lab.up(REDIS_URL="redis://:s3cret@127.0.0.1:9/0"))
    assert "REDIS_URL does not answer at 127.0.0.1:9" in line
    assert "s3cret" not in line

    closed = " ".join(f"redis://:s3cret@127.0.0.{number}:9/0" for number in (1, 2, 3))
    line = refused(lab.up(BOOKING_LAB_REDLOCK_URLS=closed))
    assert "BOOKING_LAB_REDLOCK_URLS does not answer at 127.0.0.1:9" in line
    assert "s3cret" not in line


def test_two_servers_have_no_majority(lab: CommandLine) -> None:
    line = refused(lab.up(BOOKING_LAB_REDLOCK_URLS="redis://a redis://b"), 2)
    assert "BOOKING_LAB_REDLOCK_URLS holds 2 URLs" in line
    assert not (lab.data / "state.json").exists()


def test_the_world_is_refused_without_a_token(lab: CommandLine) -> None:
    assert "BOOKING_LAB_ADMIN_TOKEN" in refused(lab.up("--host", "0.0.0.0"), 2)


def test_data_of_another_version(lab: CommandLine) -> None:
    (lab.data / "postgresql").mkdir(mode=0o755)
    (lab.data / "postgresql" / "PG_VERSION").write_text("14\n")
    assert "has data of PostgreSQL 14; this is 18" in refused(lab.up())


def test_a_service_that_can_not_start_is_stopped_with_its_servers(
    lab: CommandLine, tmp_path: Path
) -> None:
    result = lab.up(OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT="many")
    assert result.returncode == 1
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr
    assert lab("status").returncode == 3


def test_serve_wants_servers() -> None:
    result = subprocess.run(
        [COMMAND, "serve"], capture_output=True, text=True, timeout=30, check=False
    )
    assert "serve needs DATABASE_URL and REDIS_URL" in refused(result)
