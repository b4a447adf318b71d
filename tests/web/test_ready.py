"""What /ready depends on."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def frozen(tmp_path: Path) -> Iterator[socket.socket]:
    """A server that takes connections and never says a word."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "frozen.sock"))
        server.listen()
        server.setblocking(False)
        yield server


def test_a_lab_speaks_to_the_servers_for_redlock(make_client, redlock_urls):
    lab = make_client(redlock_urls=redlock_urls).application.extensions["lab"]

    assert [client.ping() for client in lab.redlock] == [True] * 3


def test_neither_dead_nor_frozen_servers_for_redlock_make_a_lab_unready(make_client, frozen):
    urls = (f"unix://{frozen.getsockname()}", "unix:///nowhere/2.sock", "unix:///nowhere/3.sock")
    client = make_client(redlock_urls=urls)

    assert client.get("/ready").status_code == 200
    seat = {"event_id": 1, "seat_number": "A1", "customer_id": "c1"}
    assert client.post("/book", json=seat | {"strategy": "distributed"}).status_code == 201
    with pytest.raises(BlockingIOError):
        frozen.accept()  # nobody has even asked, which would have taken until the time-out
