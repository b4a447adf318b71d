"""What holds for every command: its streams, its exit codes, its beginning."""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import booking_lab
from tests.checker.histories import Written

COMMAND = Path(sys.executable).with_name("booking-lab")


def test_every_public_name_is_there() -> None:
    assert all(getattr(booking_lab, name) for name in booking_lab.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = booking_lab.Nothing


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A history that no order explains, of customers with names in many letters."""
    written = Written(tmp_path / "zażółć.jsonl")
    written.book("A1", 0, 10, customer="Žofie 株式会社")
    written.book("A1", 5, 15)
    return written.file


def shell(text: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["bash", "-c", text], env={**os.environ, **environment}, capture_output=True, timeout=60
    )


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
)
@pytest.mark.parametrize("options", ["", "--json"])
def test_what_an_encoding_lacks_is_written_all_the_same(
    wrong: Path, environment: dict[str, str], options: str
) -> None:
    done = shell(f"{COMMAND} check {wrong} {options}", **environment)
    assert (done.returncode, done.stderr) == (4, b"")
    if options:
        assert json.loads(done.stdout)["verdict"] == "wrong"
    else:
        assert done.stdout.endswith(b"Verdict: wrong\n")


def test_a_full_pipe_is_said_and_is_no_verdict(wrong: Path) -> None:
    done = shell(f"{COMMAND} check {wrong} > /dev/full")
    said = b"Error: The output can't be written: No space left on device.\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize("command", ["status --data /nowhere", "workloads", "--help"])
def test_so_it_is_for_other_commands(command: str) -> None:
    done = shell(f"{COMMAND} {command} > /dev/full")
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1, done.stderr


def test_a_reader_who_has_seen_enough_changes_no_verdict(wrong: Path) -> None:
    done = shell(f"set -o pipefail; {COMMAND} check {wrong} | true; echo $?")
    assert (done.stdout, done.stderr) == (b"4\n", b"")


@pytest.mark.parametrize(
    ("command", "code"), [("strategies", 0), ("workloads", 0), ("status --data /nowhere", 3)]
)
def test_so_it_is_of_other_commands(command: str, code: int) -> None:
    # Closed before anything is written: by then, `true` has ended.
    with subprocess.Popen([COMMAND, *command.split()], stdout=subprocess.PIPE) as running:
        assert running.stdout
        running.stdout.close()
    assert running.returncode == code


def test_following_a_log_ends_with_its_reader(tmp_path: Path) -> None:
    log = tmp_path / "booking-lab.log"
    log.write_text("one\n")
    follow = [COMMAND, "logs", "--follow", "--data", str(tmp_path)]
    with subprocess.Popen(follow, stdout=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stdout.readline() == b"one\n"
        running.stdout.close()
        with log.open("a") as file:
            file.write("two\n")
        assert running.wait(30) == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_hindrance(wrong: Path, closed: str) -> None:
    assert shell(f"{COMMAND} check {wrong} {closed}").returncode == 4
    assert shell(f"{COMMAND} status --data /nowhere {closed}").returncode == 3


def test_ctrl_c_as_it_begins_prints_no_traceback() -> None:
    """At every module that is imported on the way, one after the other."""
    for after in (1, 5, 15, 30, 60, 120, 240):
        with subprocess.Popen(
            [sys.executable, "-P", "-c", _INTERRUPTED, str(after)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as running:  # fmt: skip
            _, said = running.communicate(timeout=60)
        assert running.returncode in {-signal.SIGINT, 1, 2}, said
        assert "Traceback" not in said, (after, said)


#: The program, which gets a Ctrl-C at the import of a module whose number is given.
_INTERRUPTED = """
import os, signal, sys
from booking_lab.cli.entry import run

class Interrupting:
    left = int(sys.argv[1])
    def find_spec(self, *_):
        Interrupting.left -= 1
        if Interrupting.left == 0:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv[1:] = ["check", "/nowhere"]
run()
"""


# --- demo --url ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "code", "says"),
    [
        ("http://127.0.0.1:9", 1, "Error: No lab answers at http://127.0.0.1:9: "),
        ("localhost:8000", 2, "Error: --url localhost:8000: write it as http://localhost:8000."),
        ("https://localhost", 2, "Error: --url https://localhost: write it as "),
        ("http://localhost:nine", 2, "Error: --url http://localhost:nine: write it as "),
        ("http://", 2, "Error: --url http://: write it as "),
        ("http://[::1", 2, "Error: --url http://[::1: write it as "),
        ("http://localhost/docs/", 2, "Error: --url http://localhost/docs/: write it as "),
        ("http://localhost?a=b", 2, "Error: --url http://localhost?a=b: write it as "),
        ("http://me@localhost", 2, "Error: --url http://me@localhost: write it as "),
    ],
)
def test_the_demo_of_no_lab_says_so(url: str, code: int, says: str) -> None:
    done = subprocess.run([COMMAND, "demo", "--url", url], capture_output=True, text=True)
    assert done.returncode == code
    assert done.stderr.startswith(says)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, b"<html>", "is not a lab: it does not list strategies."),
        (404, b"{}", "is not a lab: it does not list strategies."),
        (200, b'{"strategies": 1}', "is not a lab: it does not list strategies."),
        (200, b"[]", "is not a lab: it does not list strategies."),
        (401, b"{}", "needs its admin token: set BOOKING_LAB_ADMIN_TOKEN to its value."),
        (
            200,
            b'{"strategies": [{"name": "none", "allows": []}]}',
            "Error: POST /admin/strategy was answered 501: b'<html>'",
        ),
    ],
)
def test_the_demo_of_something_else_says_so(status: int, body: bytes, says: str) -> None:
    class Something(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.send_response(501)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Something) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        done = subprocess.run([COMMAND, "demo", "--url", url], capture_output=True, text=True)
        server.shutdown()
    assert done.returncode == 1
    assert done.stderr.endswith(f"{says}\n")
    assert done.stderr.count("\n") == 1
