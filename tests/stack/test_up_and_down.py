"""What `up`, `status`, `logs` and `down` do when all goes well."""

import json
import os
import select
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg2
import pytest
import requests

from booking_lab.config import Settings
from booking_lab.conformance.waiting import eventually
from booking_lab.stack.launch_spec import REDLOCK
from booking_lab.stack.processes.lab_state import LabState
from booking_lab.stack.processes.process import Process
from tests.stack.conftest import COMMAND, CommandLine, gone
from tests.uncounted import uncounted

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
_BOOKING = {"event_id": 1, "seat_number": "A1", "customer_id": "c1"}


def test_the_life_of_a_lab(lab: CommandLine) -> None:
    """One after the other, because each needs what the one before left."""
    up = lab.up("--instances", "2", "--workers", "1")
    assert up.returncode == 0, up.stderr
    assert f"ready at {lab.url}" in up.stdout
    everyone, run_folder = lab.processes(), Path(lab.state.run_folder)
    assert len(everyone) > 8  # the supervisor, 2 masters, 2 workers, Valkey, PostgreSQL's own

    each_instance_has_a_port_of_its_own(lab)
    status_and_logs_tell(lab)
    postgresql_is_durable_and_off_the_network(lab)
    a_booking_under_way_is_answered_while_the_lab_goes_down(lab)
    assert gone(everyone)
    assert not run_folder.exists()
    assert not (lab.data / "state.json").exists()
    assert lab("status").returncode == 3
    assert lab("down").returncode == 0

    in_the_foreground_ctrl_c_stops_it_and_the_data_is_still_there(lab)
    assert lab("status").returncode == 3


def test_up_waits_for_the_last_worker(lab: CommandLine) -> None:
    """The first crowd would else meet in the worker that was there first."""

    def workers() -> list[int]:
        state = LabState.read(lab.data / "state.json")
        masters = [one.process for one in state.parts if one.name == "service-1"] if state else []
        return [one.pid for master in masters for one in psutil.Process(master.pid).children()]

    with ThreadPoolExecutor(1) as background:
        up = background.submit(lab.up)
        last = eventually(workers)[0]
        os.kill(last, signal.SIGSTOP)  # long before it has opened its connections
        try:
            eventually(lab.ready)
            assert all(lab.ready() and not up.done() for _ in range(100))
        finally:
            os.kill(last, signal.SIGCONT)
        assert up.result().returncode == 0


def each_instance_has_a_port_of_its_own(lab: CommandLine) -> None:
    ports = (lab.port + 1, lab.port + 2)
    answers = [requests.get(f"http://localhost:{p}/health", timeout=5).json() for p in ports]
    assert [answer["worker"].split("/")[0] for answer in answers] == ["1", "2"]


def status_and_logs_tell(lab: CommandLine) -> None:
    status = lab("status", "--json")
    assert status.returncode == 0
    told = json.loads(status.stdout)
    assert (told["state"], told["url"]) == ("running", lab.url)
    assert {part["name"]: part["state"] for part in told["parts"]} == dict.fromkeys(
        ("supervisor", "postgresql", "valkey", *REDLOCK, "service-1", "service-2"), "running"
    )
    table = lab("status").stdout
    assert all(str(lab.pid(part)) in table for part in ("valkey", *REDLOCK))
    last = lab("logs", "-n", "1000").stdout.splitlines()
    assert "lab is ready" in {json.loads(line)["message"] for line in last}
    for part in REDLOCK:
        assert f"{lab.pid(part)}:M" in lab("logs", "--part", part).stdout
    command = [COMMAND, "logs", "-f", "-n", "0", "--part", "postgresql", "--data", lab.data]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=uncounted()) as follower:
        with (lab.data / "postgresql.log").open("a") as log:
            eventually(lambda: log.write("news\n") and log.flush() is None and readable(follower))
        assert follower.stdout
        assert follower.stdout.readline() == "news\n"
        follower.send_signal(signal.SIGINT)
        assert follower.wait(10) == 0


def postgresql_is_durable_and_off_the_network(lab: CommandLine) -> None:
    session = psycopg2.connect(lab.state.database_url)
    wanted = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    with session.cursor() as cursor:
        for name, value in {**wanted, "listen_addresses": ""}.items():
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == (value,), name
        cursor.execute("SELECT current_setting('max_connections')::integer")
        # Two workers may fill their pools, and there is still room for others.
        (connections,) = cursor.fetchone() or (0,)
        assert connections > 2 * (Settings().booking_pool + Settings().read_pool) + 20
    session.close()


def readable(process: subprocess.Popen[str]) -> bool:
    return bool(select.select([process.stdout], [], [], 0.2)[0])


def a_booking_under_way_is_answered_while_the_lab_goes_down(lab: CommandLine) -> None:
    body = json.dumps({**_BOOKING, "strategy": "pessimistic"})
    head = f"POST /book HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    session = psycopg2.connect(lab.state.database_url)
    with session.cursor() as cursor:
        cursor.execute("SELECT FROM seats WHERE seat_number = 'A1' FOR UPDATE")
    with socket.create_connection(("127.0.0.1", lab.port), timeout=20) as line:
        line.sendall(f"{head}Content-Type: application/json\r\n\r\n{body}".encode())
        eventually(lambda: waits_for_a_lock(lab))
        down = subprocess.Popen([COMMAND, "down", "--data", lab.data], stdout=subprocess.DEVNULL)
        # Who comes now is turned away at once; who is inside still gets an answer.
        eventually(lambda: refuses_connections(lab))
        assert lab.pid("service-1")
        session.close()
        assert line.recv(4096).startswith(b"HTTP/1.1 201")
    assert down.wait(30) == 0


def waits_for_a_lock(lab: CommandLine) -> bool:
    session = psycopg2.connect(lab.state.database_url)
    try:
        with session.cursor() as cursor:
            cursor.execute("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return cursor.rowcount > 0
    finally:
        session.close()


def refuses_connections(lab: CommandLine) -> bool:
    try:
        socket.create_connection(("127.0.0.1", lab.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def in_the_foreground_ctrl_c_stops_it_and_the_data_is_still_there(lab: CommandLine) -> None:
    command = [COMMAND, "up", "--foreground", "--data", lab.data, "--port", str(lab.port)]
    with (lab.data / "output").open("w+") as output:
        up = subprocess.Popen([*command, "--workers", "1"], stdout=output, env=uncounted())
        eventually(lambda: "ready at" in (lab.data / "output").read_text())
        everyone = [*lab.processes(), psutil.Process(up.pid)]
        again = {**_BOOKING, "strategy": "pessimistic", "customer_id": "c2"}
        assert requests.post(f"{lab.url}/book", json=again, timeout=10).status_code == 409
        up.send_signal(signal.SIGINT)
        assert up.wait(30) == 0
    assert gone(everyone)
    assert "Stopped." in (lab.data / "output").read_text()


def test_a_start_that_is_interrupted_leaves_nothing(lab: CommandLine) -> None:
    command = [COMMAND, "up", "--data", lab.data, "--port", str(lab.port)]
    up = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=uncounted()
    )
    eventually((lab.data / "state.json").exists)
    everyone = lab.processes()
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=30)
    assert up.returncode
    assert gone(everyone)
    assert not (lab.data / "state.json").exists()


@pytest.mark.parametrize("user", ["None", pytest.param("(65534, 65534)", marks=needs_root)])
def test_a_process_ends_with_the_one_that_started_it(user: str) -> None:
    starter = (
        "import time; from booking_lab.stack.processes.process import start\n"
        f"sleeper = start(['/bin/sleep', '60'], output=2, user={user})\n"
        "print(sleeper.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [COMMAND.with_name("python"), "-c", starter], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    sleeper = psutil.Process(int(parent.stdout.readline()))
    eventually(lambda: sleeper.name() == "sleep")
    parent.kill()
    parent.communicate()
    eventually(lambda: gone([sleeper]), within=2)


def test_a_number_that_was_given_to_another_process_is_told_apart() -> None:
    now = Process.of(os.getpid())
    assert now
    assert now.alive
    assert not Process(now.pid, now.started - 1).alive
    assert Process.of(2**22 + 1) is None
