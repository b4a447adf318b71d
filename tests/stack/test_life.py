"""What a lab lives through: signals to its parts, cleaners, large logs, any umask, other users."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from booking_lab.conformance.waiting import eventually
from booking_lab.stack import accounts
from booking_lab.stack.errors import StackError
from booking_lab.stack.processes import process, rotation
from booking_lab.stack.processes.lab_state import LabState
from booking_lab.stack.processes.process import Process
from tests.stack.conftest import COMMAND, CommandLine, own_lab
from tests.stack.test_refusals import refused

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
SOMEBODY = 4242
CUSTOMER = {"event_id": 1, "customer_id": "c", "strategy": "pessimistic"}


@pytest.fixture(scope="module")
def shared() -> Iterator[CommandLine]:
    """Two instances, in a folder that did not exist, of somebody whose files are closed to all."""
    with own_lab() as line:
        line.data = line.data / "new folder" / "d'ata"
        before = os.umask(0o077)
        try:
            result = line.up("--instances", "2", "--workers", "1")
        finally:
            os.umask(before)
        assert result.returncode == 0, result.stderr
        yield line
        line("down")


def books(lab: CommandLine, seat: str) -> bool:
    try:
        answer = requests.post(f"{lab.url}/book", json={**CUSTOMER, "seat_number": seat}, timeout=5)
    except requests.RequestException:
        return False
    return answer.status_code in {201, 409}


def instance_ready(lab: CommandLine, number: int) -> bool:
    try:
        answer = requests.get(f"http://localhost:{lab.port + number}/ready", timeout=2)
    except requests.RequestException:
        return False
    return answer.status_code == 200


def log(lab: CommandLine) -> str:
    return (lab.data / "booking-lab.log").read_text()


@pytest.mark.parametrize(
    ("part", "number"),
    [
        ("service-1", signal.SIGTERM),
        ("service-1", signal.SIGQUIT),
        ("postgresql", signal.SIGTERM),
        ("postgresql", signal.SIGINT),
        ("valkey", signal.SIGTERM),
        ("redlock-3", signal.SIGINT),
    ],
)
def test_a_part_that_was_told_to_stop_comes_back(
    shared: CommandLine, part: str, number: signal.Signals
) -> None:
    before = shared.parts()[part]
    os.kill(before.process.pid, number)
    eventually(lambda: shared.parts()[part].restarts > before.restarts, within=40)
    assert part.startswith("postgres") or instance_ready(shared, 2)  # the other one did not stop
    eventually(lambda: instance_ready(shared, 1) and instance_ready(shared, 2))
    assert requests.get(f"{shared.url}/ready", timeout=5).json()["draining"] is False
    assert books(shared, "A1")


def test_what_the_lab_writes_is_its_owners_alone(shared: CommandLine) -> None:
    files = [file for file in shared.data.iterdir() if file.is_file()]
    assert {"booking-lab.log", "postgresql.log", "valkey.log", "state.json"} <= {
        file.name for file in files
    }
    assert {file.name: oct(file.stat().st_mode & 0o077) for file in files} == {
        file.name: "0o0" for file in files
    }
    for folder in (shared.data, Path(shared.state.run_folder)):
        assert folder.stat().st_mode & 0o066 == 0


@pytest.mark.parametrize("what", [".", "valkey.sock", "postgresql", "metrics"])
def test_what_a_cleaner_takes_away_is_made_anew(shared: CommandLine, what: str) -> None:
    eventually(lambda: instance_ready(shared, 1) and instance_ready(shared, 2))
    time_of_looking(shared)
    folder = Path(shared.state.run_folder)
    gone = folder / what
    said = log(shared).count("were removed while the lab runs")
    everyone = shared.parts()
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()

    names = {".": everyone.keys() - {"supervisor"}, "valkey.sock": {"valkey"}}
    names |= {"postgresql": {"postgresql"}, "metrics": {"service-1", "service-2"}}
    for name in names[what]:
        eventually(
            lambda name=name: shared.parts()[name].restarts > everyone[name].restarts, within=40
        )
    eventually(lambda: instance_ready(shared, 1) and instance_ready(shared, 2), within=30)
    eventually(gone.exists)
    assert books(shared, "A2")
    # An instance is ready without Redis, too.
    eventually(lambda: requests.get(f"{shared.url}/ready", timeout=5).json()["redis"] is True)
    eventually(lambda: "booking_workers 2.0" in requests.get(f"{shared.url}/metrics").text)
    assert log(shared).count("were removed while the lab runs") == said + 1
    assert (folder / "postgresql").stat().st_mode & 0o777 == 0o700


def time_of_looking(lab: CommandLine) -> None:
    """Wait until the supervisor has seen what its parts have in the run folder."""
    supervisor = psutil.Process(lab.pid("supervisor"))
    before = supervisor.num_ctx_switches().voluntary
    eventually(lambda: supervisor.num_ctx_switches().voluntary > before + 3)


def test_a_log_that_is_too_large_is_put_aside_while_the_lab_runs(shared: CommandLine) -> None:
    file = shared.data / "valkey.log"
    begin = file.read_text()
    os.truncate(file, rotation.LARGEST_LOG + 1)
    eventually(lambda: file.stat().st_size < 10_000)
    older = shared.data / "valkey.log.1"
    assert older.stat().st_size == rotation.LARGEST_LOG + 1
    assert older.stat().st_mode & 0o777 == 0o600
    assert older.read_text().startswith(begin)
    # Who writes it goes on in the same file, at its new end.
    os.kill(shared.pid("valkey"), signal.SIGTERM)
    eventually(lambda: "Valkey" in file.read_text() or "valkey" in file.read_text())
    assert "\0" not in file.read_text()


def test_a_follower_of_a_log_goes_on_in_what_is_new(tmp_path: Path) -> None:
    file = tmp_path / "booking-lab.log"
    file.write_text("old\n" * 10)
    command = [COMMAND, "logs", "-f", "-n", "1", "--data", tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout
        assert follower.stdout.readline() == "old\n"
        file.write_text("new\n")
        assert follower.stdout.readline() == "new\n"
        follower.send_signal(signal.SIGINT)


def test_on_a_full_disk_a_log_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "booking-lab.log"
    with file.open("wb") as large:
        large.truncate(rotation.LARGEST_LOG + 1)
    older = tmp_path / "booking-lab.log.1.d"
    older.mkdir()
    (tmp_path / "booking-lab.log.new").mkdir()  # nothing can be copied there
    rotation.rotate(tmp_path)
    assert file.stat().st_size == rotation.LARGEST_LOG + 1


# --- somebody else's -----------------------------------------------------------------------------


def as_somebody(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command as another user, who can read the program all the same."""
    program = (
        "import os, sys; from booking_lab.cli.main import main\n"
        "import booking_lab.cli.down, booking_lab.cli.status, booking_lab.cli.logs\n"
        "import booking_lab.cli.up, booking_lab.cli.check\n"
        f"os.setgroups([]); os.setgid({SOMEBODY}); os.setuid({SOMEBODY}); main()"
    )
    return subprocess.run(
        [COMMAND.with_name("python"), "-P", "-c", program, *arguments],
        capture_output=True, text=True, timeout=60, check=False, cwd="/",
        # Somebody else can't write into the checkout, where coverage has its files.
        env={name: text for name, text in os.environ.items() if not name.startswith("COVERAGE")},
    )  # fmt: skip


@needs_root
@pytest.mark.parametrize("command", ["down", "status", "logs", "up"])
def test_a_lab_of_somebody_else_is_left_alone(shared: CommandLine, command: str) -> None:
    eventually(shared.ready)
    pid = shared.pid("supervisor")
    line = refused(as_somebody(command, "--data", shared.data))
    assert str(shared.data) in line
    assert psutil.pid_exists(pid)
    assert shared.ready()


@needs_root
def test_even_if_its_files_can_be_read(shared: CommandLine) -> None:
    state = shared.data / "state.json"
    shared.data.chmod(0o755)
    state.chmod(0o644)
    line = refused(as_somebody("down", "--data", shared.data))
    assert f"belongs to root (pid {shared.pid('supervisor')}): only that user, or root" in line
    state.chmod(0o600)
    shared.data.chmod(0o711)


@needs_root
def test_down_kills_nothing_that_another_user_names(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as mine:
        me = Process.of(mine.pid)
        assert me
        part = {"name": "supervisor", "since": 0, "url": "", "restarts": 0}
        part |= {"process": {"pid": me.pid, "started": me.started}}
        state = {"supervisor": part, "phase": "running", "url": "", "run_folder": "", "parts": []}
        state |= {"database_url": "", "redis_url": ""}
        (tmp_path / "state.json").write_text(json.dumps(state))
        os.chown(tmp_path / "state.json", SOMEBODY, SOMEBODY)
        down = subprocess.run(
            [COMMAND, "down", "--data", tmp_path], capture_output=True, text=True, check=False
        )
        assert f"names process {mine.pid}, which belongs to another user" in refused(down)
        assert mine.poll() is None
        mine.kill()


def test_a_state_that_can_not_be_read_is_not_taken_for_no_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", closed)
    with pytest.raises(StackError, match=r"can't be read: Permission denied\. The lab"):
        LabState.read(tmp_path / "state.json")


# --- a lock file that lies -----------------------------------------------------------------------


def test_a_stale_lock_file_whose_number_another_server_has_now(
    lab: CommandLine, shared: CommandLine
) -> None:
    eventually(shared.ready)
    assert lab.up().returncode == 0
    lock = lab.data / "postgresql" / "postmaster.pid"
    text = lock.read_text()
    lab("down")
    # A server, of the same user, of another cluster.
    lock.write_text(text.replace(text.split()[0], str(shared.pid("postgresql")), 1))
    if user := accounts.for_postgres(lab.data / "postgresql"):
        os.chown(lock, *user)
    up = lab.up()
    assert up.returncode == 0, up.stderr
    assert lab.ready()
    assert shared.ready()


def test_a_lock_file_of_a_server_that_runs_is_left_as_it_is(lab: CommandLine) -> None:
    assert lab.up().returncode == 0
    lock = lab.data / "postgresql" / "postmaster.pid"
    before = lock.read_text()
    from booking_lab.stack.servers.cluster import replace_stale_lock

    replace_stale_lock(lab.data / "postgresql")
    assert lock.read_text() == before
    other = process.start(["/bin/sleep", "60"], output=2)
    lock.write_text(before.replace(before.split()[0], str(other.pid), 1))
    replace_stale_lock(lab.data / "postgresql")
    first, *others = lock.read_text().splitlines()
    assert (first, others) == (str(os.getpid()), before.splitlines()[1:])
    lock.write_text(before)
    other.kill()
    other.wait()
