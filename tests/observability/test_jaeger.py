"""A booking's trace, as Jaeger itself shows it."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
import requests

from booking_lab.stack import running as lab_of_its_own
from tests.ports import free_ports

from . import queries
from .processes import running, wait_for

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
STEPS = {"acquire: row lock", "read: state", "decide: decide", "write: booking", "commit: commit"}

#: Where Jaeger would listen besides, on every address.
OTHER_PORTS = (
    "admin.http.host-port",
    "collector.otlp.grpc.host-port",
    "collector.grpc-server.host-port",
    "collector.http-server.host-port",
    "query.grpc-server.host-port",
)


def jaeger() -> Path:
    """The program that `make tools` builds."""
    version = re.search(r"JAEGER_VERSION := (.+)", (queries.ROOT / "Makefile").read_text())
    assert version
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    program = cache / "booking-lab" / f"jaeger-{version[1]}"
    if not program.exists():
        pytest.skip("Jaeger is missing: make tools (it needs go)")
    return program


def test_jaeger_shows_a_booking_and_its_steps(tmp_path: Path) -> None:
    otlp, query, log = free_ports(), free_ports(), tmp_path / "jaeger.log"
    command = [
        str(jaeger()),
        f"--collector.otlp.http.host-port=127.0.0.1:{otlp}",
        f"--query.http-server.host-port=127.0.0.1:{query}",
        *(f"--{name}=127.0.0.1:{free_ports()}" for name in OTHER_PORTS),
    ]
    # Asked politely it takes ten seconds, and it keeps nothing.
    with running(command, log, stop=signal.SIGKILL):
        wait_for("Jaeger listens", 20, lambda: answers(f"http://127.0.0.1:{query}/"), log)
        with lab_of_its_own(workers=1, otlp_endpoint=f"http://127.0.0.1:{otlp}") as lab:
            requests.post(
                f"{lab.url}/book",
                json={
                    "event_id": 1,
                    "seat_number": "A1",
                    "customer_id": "c1",
                    "strategy": "pessimistic",
                },
                headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
                timeout=10,
            )
        # The lab has stopped, so whatever it had to tell has been told.
        trace = f"http://127.0.0.1:{query}/api/traces/{TRACE}"
        wait_for("the trace is there", 10, lambda: spans(trace), log)
        found = {span["operationName"]: span for span in spans(trace)}

    assert {"booking", "POST /book", *STEPS} <= set(found)
    tags = {tag["key"]: tag["value"] for tag in found["booking"]["tags"]}
    assert tags["booking.strategy"] == "pessimistic"
    assert tags["booking.outcome"] == "confirmed"


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.ConnectionError:
        return False


def spans(url: str) -> list[Any]:
    answer = requests.get(url, timeout=5)
    return answer.json()["data"][0]["spans"] if answer.ok else []
