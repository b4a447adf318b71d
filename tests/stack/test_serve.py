"""`serve`, as a container runs it, and `up` with servers of one's own."""

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
import requests

from booking_lab.conformance.waiting import eventually
from booking_lab.stack import RunningLab
from booking_lab.stack.service.master import GRACEFUL_SECONDS
from tests.ports import free_ports
from tests.stack.conftest import COMMAND, CommandLine, gone


def test_serve_prepares_the_database_serves_and_goes_unready_before_it_stops(
    servers: RunningLab, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    port = free_ports()
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "counter_99.db").touch()
    (tmp_path / "draining").touch()
    variables = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "BOOKING_LAB_PORT": str(port),
        "BOOKING_LAB_WORKERS": "2",
        "BOOKING_LAB_RUN_FOLDER": str(tmp_path),
    }
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "log").open("wb") as log:
        serve = subprocess.Popen([COMMAND, "serve"], env={**os.environ, **variables}, stderr=log)

    def status() -> int:
        try:
            return requests.get(f"{url}/ready", timeout=2).status_code
        except requests.RequestException:
            return 0

    try:
        eventually(lambda: status() == 200, within=60)
        assert not (tmp_path / "metrics" / "counter_99.db").exists()
        master = psutil.Process(serve.pid)
        eventually(lambda: len(master.children()) == 2)
        workers = master.children()
        serve.send_signal(signal.SIGTERM)
        eventually(lambda: status() == 503)
        assert serve.wait(30) == 0
        assert gone(workers)
    finally:
        serve.kill()
        serve.wait()


def test_a_worker_that_is_just_starting_can_be_stopped(database_url: str, redis_url: str) -> None:
    port = str(free_ports())
    variables = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "BOOKING_LAB_PORT": port}
    with subprocess.Popen([COMMAND, "serve"], env={**os.environ, **variables}) as serve:
        try:
            worker = eventually(psutil.Process(serve.pid).children, within=60)[0]
            worker.send_signal(signal.SIGTERM)
            # Who doesn't hear it is killed in the end, but not before all have had their time.
            assert eventually(lambda: gone([worker]), within=GRACEFUL_SECONDS / 2)
            assert serve.poll() is None  # its master goes on
        finally:
            serve.terminate()


def test_up_with_own_servers_starts_none(
    lab: CommandLine, database_url: str, redis_url: str, redlock_urls: tuple[str, ...]
) -> None:
    own = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    up = lab.up(**own, BOOKING_LAB_REDLOCK_URLS=" ".join(redlock_urls))
    assert up.returncode == 0, up.stderr
    assert set(lab.parts()) == {"supervisor", "service-1"}
    assert not (lab.data / "postgresql").exists()
    assert requests.get(f"{lab.url}/ready", timeout=5).json()["redis"] is True
    assert lab("down").returncode == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"DATABASE_URL": "postgresql://me:s%zzcret@localhost/x"}, "DATABASE_URL can't be read"),
        ({"BOOKING_LAB_STRATEGY": "nosuch"}, "There is no strategy 'nosuch'"),
        ({"PGOPTIONS": "-c default_transaction_read_only=on"}, ""),
    ],
)
def test_serve_refuses_what_is_no_address_and_heeds_no_variable_of_clients(
    database_url: str, redis_url: str, wrong: dict[str, str], said: str
) -> None:
    variables = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "BOOKING_LAB_PORT": str(free_ports()),
        **wrong,
    }
    serve = subprocess.Popen(
        [COMMAND, "serve"], env={**os.environ, **variables}, stderr=subprocess.PIPE, text=True
    )
    try:
        if said:
            assert serve.wait(60) == 2
            assert serve.stderr
            line = serve.stderr.read()
            assert said in line
            assert "Traceback" not in line
            assert "cret" not in line
            return
        ready = f"http://127.0.0.1:{variables['BOOKING_LAB_PORT']}/ready"
        eventually(lambda: requests.get(ready, timeout=2).status_code == 200, within=60)
    finally:
        serve.kill()
        serve.communicate()
