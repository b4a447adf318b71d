"""The gateway's own configuration, run by the real HAProxy in front of replicas on loopback."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tests.ports import free_ports

from .processes import program, running, wait_for

CONFIGURATION = Path(__file__).parents[2] / "gateway" / "haproxy.cfg"
#: With what means something to HAProxy, or to a shell.
TOKEN = 'the %token\'s "$HOME"'
ADDRESSES = ("127.0.1.1", "127.0.1.2", "127.0.1.3")


class Replica:
    """A service that writes down what it was asked, and can misbehave as a real one may."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self._port = address, port
        self.ready, self.swallows = True, False
        self.requests: list[tuple[str, str, str | None]] = []
        self.start()

    def start(self) -> None:
        replica = self

        class Handler(BaseHTTPRequestHandler):
            wbufsize = -1  # an answer in one piece: HAProxy's check hangs up once it has the code

            def do_GET(self) -> None:
                if self.path == "/ready":
                    self._answer(200 if replica.ready else 503)
                elif self.path == "/health":
                    self._answer(200)
                else:
                    self._work(200)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._work(201)

            def _work(self, code: int) -> None:
                token = self.headers.get("Authorization")
                replica.requests.append((self.command, self.path, token))
                if replica.swallows:
                    self.close_connection = True
                else:
                    self._answer(code if replica.ready else 503)

            def _answer(self, code: int) -> None:
                body = replica.address.encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((self.address, self._port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def seen(self, method: str, path: str) -> int:
        return sum((method, path) == seen[:2] for seen in self.requests)


class NameServer:
    """Answers every question for an address with the addresses that it holds right now."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(4096)
            if query == b"stop":
                return
            end = query.index(b"\0", 12) + 5
            wants_ipv4 = query[end - 4 : end - 2] == b"\0\1"
            found = [socket.inet_aton(a) for a in self.addresses] if wants_ipv4 else []
            answers = b"".join(struct.pack("!HHHIH", 0xC00C, 1, 1, 1, 4) + a for a in found)
            header = query[:2] + struct.pack("!HHHHH", 0x8580, 1, len(found), 0, 0)
            self._socket.sendto(header + query[12:end] + answers, client)

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(b"stop", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()


class Gateway:
    """HAProxy with the project's configuration, its name server and three replicas."""

    def __init__(self, names: NameServer, replicas: list[Replica], url: str) -> None:
        self.names, self.replicas, self.url = names, replicas, url

    def answerers(self) -> set[str]:
        """Who answers: enough requests that each replica has its turn."""
        answers = [requests.get(f"{self.url}/events", timeout=5) for _ in range(6)]
        return {a.text for a in answers if a.status_code == 200}

    def use(self, *addresses: str) -> None:
        for replica in self.replicas:
            replica.ready, replica.swallows = True, False
        self.names.addresses = list(addresses)
        wait_for(f"answers of {addresses}", 15, lambda: self.answerers() == set(addresses))
        for replica in self.replicas:
            replica.requests.clear()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    log = tmp_path_factory.mktemp("gateway") / "haproxy.log"
    haproxy = program("haproxy", "haproxy")
    front, health, back = free_ports(), free_ports(), free_ports(host=ADDRESSES[0])
    names, replicas = NameServer(), [Replica(address, back) for address in ADDRESSES]
    environment = os.environ | {
        "BOOKING_LAB_ADMIN_TOKEN": TOKEN,
        "GATEWAY_DNS": f"127.0.0.1:{names.port}",
        "GATEWAY_BIND": f"127.0.0.1:{front}",
        "GATEWAY_HEALTH_BIND": f"127.0.0.1:{health}",
        "GATEWAY_REPLICAS": f"lab36-booking-service:{back}",
    }
    try:
        command = [haproxy, "-W", "-db", "-f", str(CONFIGURATION)]
        with running(command, log, environment):
            gateway = Gateway(names, replicas, f"http://127.0.0.1:{front}")
            wait_for("HAProxy", 10, lambda: _listens(front), log)
            yield gateway
    finally:
        for replica in replicas:
            replica.stop()
        names.stop()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_replicas_that_come_and_go_are_followed(gateway: Gateway) -> None:
    gateway.use(ADDRESSES[0])
    gateway.use(*ADDRESSES)
    gateway.use(ADDRESSES[2])


def test_a_booking_whose_answer_was_lost_is_never_sent_again(gateway: Gateway) -> None:
    gateway.use(*ADDRESSES)
    for replica in gateway.replicas:
        replica.swallows = True
    answer = requests.post(f"{gateway.url}/book", json={"seat": "A1"}, timeout=10)
    assert answer.status_code == 502
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "answer_lost"
    assert sum(r.seen("POST", "/book") for r in gateway.replicas) == 1


def test_a_read_whose_answer_was_lost_is_sent_again(gateway: Gateway) -> None:
    gateway.use(*ADDRESSES)
    gateway.replicas[0].swallows = True
    answers = [requests.get(f"{gateway.url}/events", timeout=10) for _ in range(6)]
    assert {a.status_code for a in answers} == {200}
    assert gateway.replicas[0].seen("GET", "/events") >= 1


def test_a_booking_that_a_dead_replica_never_took_goes_to_another(gateway: Gateway) -> None:
    gateway.use(*ADDRESSES)
    gateway.replicas[0].stop()
    try:
        answers = [requests.post(f"{gateway.url}/book", json={}, timeout=10) for _ in range(9)]
    finally:
        gateway.replicas[0].start()
    assert {a.status_code for a in answers} == {201}
    assert sum(r.seen("POST", "/book") for r in gateway.replicas) == len(answers)


def test_a_draining_replica_gets_nothing_new(gateway: Gateway) -> None:
    gateway.use(*ADDRESSES)
    gateway.replicas[1].ready = False
    rest = {ADDRESSES[0], ADDRESSES[2]}
    wait_for("the draining replica is left alone", 10, lambda: gateway.answerers() == rest)


def test_replicas_that_are_all_unready_still_say_so_themselves(gateway: Gateway) -> None:
    gateway.use(*ADDRESSES)
    for replica in gateway.replicas:
        replica.ready = False

    def answered_by_a_replica() -> bool:
        answer = requests.get(f"{gateway.url}/events", timeout=5)
        return answer.status_code == 503 and answer.text in ADDRESSES

    wait_for("a replica's own 503", 10, answered_by_a_replica)
    answer = requests.post(f"{gateway.url}/book", json={}, timeout=5)
    assert (answer.status_code, answer.text in ADDRESSES) == (503, True)


def test_without_any_replica_the_gateway_says_that_nothing_was_sent(gateway: Gateway) -> None:
    gateway.use(*ADDRESSES)
    for replica in gateway.replicas:
        replica.stop()
    try:
        answer = requests.post(f"{gateway.url}/book", json={}, timeout=15)
    finally:
        for replica in gateway.replicas:
            replica.start()
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["code"] == "no_replica"


@pytest.mark.parametrize(
    ("path", "headers", "token"),
    [
        ("/admin/reset", {}, f"Bearer {TOKEN}"),
        ("/admin/reset", {"Host": "localhost:8000"}, f"Bearer {TOKEN}"),
        ("/admin/reset", {"Host": "lab36-gateway:8000"}, f"Bearer {TOKEN}"),
        ("/admin/reset", {"Sec-Fetch-Site": "same-origin"}, f"Bearer {TOKEN}"),
        ("/admin/reset", {"Authorization": "Bearer mine"}, "Bearer mine"),
        ("/admin/reset", {"Sec-Fetch-Site": "cross-site"}, None),
        ("/admin/reset", {"Sec-Fetch-Site": "same-site"}, None),
        ("/admin/reset", {"Host": "127.0.0.2"}, f"Bearer {TOKEN}"),
        (
            "/admin/reset",
            {"Origin": "http://localhost:8000", "Host": "Localhost:8000"},
            f"Bearer {TOKEN}",
        ),
        ("/admin/reset", {"Origin": "http://localhost:3000", "Host": "localhost:8000"}, None),
        ("/admin/reset", {"Origin": "https://attacker.example"}, None),
        ("/admin/reset", {"Origin": "null"}, None),
        (
            "/admin/reset",
            {"Authorization": f"bearer {TOKEN}", "Host": "lab.example"},
            f"bearer {TOKEN}",
        ),
        ("/book", {}, None),
    ],
)
def test_the_token_is_added_for_this_machine_alone(
    gateway: Gateway, path: str, headers: dict[str, str], token: str | None
) -> None:
    gateway.use(ADDRESSES[0])
    requests.post(f"{gateway.url}{path}", headers=headers, timeout=5)
    assert gateway.replicas[0].requests == [("POST", path, token)]


@pytest.mark.parametrize("path", ["/book", "/admin/reset", "/api/bookings"])
@pytest.mark.parametrize("token", [None, "Bearer mine", TOKEN[:-1], "Bearer"])
@pytest.mark.parametrize(
    "host", ["localhost.attacker.example", "127.attacker.example", "attacker.example:8000"]
)
def test_a_name_that_somebody_made_lead_here_is_refused(
    gateway: Gateway, path: str, host: str, token: str | None
) -> None:
    gateway.use(ADDRESSES[0])
    headers = {"Host": host, "Authorization": token}  # one of its own must not help a page
    answer = requests.post(f"{gateway.url}{path}", headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (421, "misdirected_request")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert gateway.replicas[0].requests == []


def test_a_body_that_does_not_come_reaches_no_replica(gateway: Gateway) -> None:
    gateway.use(ADDRESSES[0])
    place = gateway.url.partition("://")[2].split(":")
    with socket.create_connection((place[0], int(place[1])), timeout=20) as half:
        half.sendall(b"POST /book HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        assert requests.get(f"{gateway.url}/events", timeout=5).status_code == 200
        assert half.recv(4096).startswith(b"HTTP/1.1 408 ")
    assert gateway.replicas[0].seen("POST", "/book") == 0


def test_the_gateways_own_answers_have_the_services_shape() -> None:
    said = re.findall(r"status (\d+) .*?string '(.*)'", CONFIGURATION.read_text())
    assert len(said) == 6
    for status, text in said:
        told = json.loads(text)
        assert told["status"] == int(status)
        assert told["type"] == f"urn:booking-lab:{told['code']}"
        assert told["title"] == HTTPStatus(int(status)).phrase
        assert told["detail"]
        assert f"`{told['code']}`" in (CONFIGURATION.parents[1] / "docs" / "api.md").read_text()


def test_the_configuration_stands_on_what_compose_gives_it() -> None:
    done = subprocess.run(
        [program("haproxy", "haproxy"), "-c", "-f", str(CONFIGURATION)],
        env={"BOOKING_LAB_ADMIN_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
