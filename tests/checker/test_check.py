"""``booking-lab check`` as a user types it: exit codes, and what is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from booking_lab.cli.main import main
from booking_lab.conformance.waiting import eventually
from booking_lab.stack.servers import postgres
from tests.uncounted import uncounted

BOOKING_LAB = Path(sys.executable).with_name("booking-lab")


def check(*arguments):
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_safe_is_0(written):
    written.book("A1", 0, 10)
    written.book("A1", 5, 15, "refused")
    done = check(written.file)
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "Recorded: 2 operations by 1 worker within 0.0 s: 1 confirmed, 1 refused.",
        "Order: checked 2 answers in 1 group of anchors; 1 operation began while another one was "
        "in the way.",
        "Database: not asked; name it with --database or --data",
        "",
        "Verdict: safe",
    ]


def test_wrong_is_told_from_a_crash(written):
    written.book("A1", 0, 10)
    written.book("A1", 5, 15)
    done = check(written.file)
    assert done.exit_code == 4
    assert "SOLD TWICE" in done.output
    assert done.output.endswith("Verdict: wrong\n")


def test_inconclusive_is_3(written):
    written.book("A1", 0, 10)
    done = check(written.file)
    assert done.exit_code == 3
    assert done.output.endswith(
        "Verdict: inconclusive\n"
        "  no two operations on one anchor overlapped, so nothing was tried\n"
    )


def test_bad_input_is_2(written, tmp_path):
    written.line(type="ok", process="p", time=1)
    done = check(written.file)
    assert done.exit_code == 2
    assert "history.jsonl, line 2: this answers process p, which asked for nothing" in done.output

    for arguments in (
        [tmp_path / "nowhere"],
        [tmp_path],
        [written.file, "--budget", 0],
        [written.file, "--data", tmp_path / "nowhere"],
        [written.file, "--data", tmp_path, "--database", "postgresql:///"],
    ):
        assert check(*arguments).exit_code == 2


def test_a_lab_that_does_not_run_has_no_database_to_ask(written, tmp_path):
    written.book("A1", 0, 10)
    done = check(written.file, "--data", tmp_path)
    assert done.exit_code == 2
    assert f"No lab runs on {tmp_path}" in done.output


def test_a_database_that_does_not_answer_is_said_not_to_have_been_asked(written):
    written.book("A1", 0, 10)
    written.book("A1", 5, 15, "refused")
    done = check(written.file, "--database", "postgresql://127.0.0.1:1/none")
    assert done.exit_code == 0
    assert "Database: not asked; No connection to PostgreSQL could be made" in done.output


@pytest.mark.parametrize("url", ["moon", "postgresql://[s3cret"])
def test_an_address_that_is_none_is_refused_without_its_password(written, url):
    written.book("A1", 0, 10)
    done = check(written.file, "--database", url)
    assert done.exit_code == 2
    assert "--database can't be read: write postgresql://" in done.output
    assert "s3cret" not in done.output


def test_a_database_of_something_else_is_refused(written, servers):
    written.book("A1", 0, 10)
    done = check(written.file, "--database", postgres.url(servers.run_folder, "postgres"))
    assert done.exit_code == 2
    assert 'This is not the database of a lab: relation "attempts" does not exist.' in done.output


def test_another_database_is_refused(written, database_url):
    written.book("A1", 0, 10)
    done = check(written.file, "--database", database_url)
    assert done.exit_code == 2
    assert "This is not the database that the history was recorded on" in done.output


def test_the_json_is_one_object(written):
    written.book("A1", 0, 10)
    done = check(written.file, "--json")
    assert done.exit_code == 3
    assert json.loads(done.output)["verdict"] == "inconclusive"


def test_a_file_cut_off_in_a_line_is_checked_up_to_there(written):
    written.book("A1", 0, 10)
    written.book("A1", 5, 15, "refused")
    written.file.write_bytes(written.file.read_bytes()[:-30])
    done = check(written.file)
    assert done.exit_code == 0
    assert "1 confirmed, 1 unknown" in done.output
    assert "Some lines were not written to their end" in done.output


def started(file, *arguments):
    """A check of what will be written into a pipe at ``file``."""
    os.mkfifo(file)
    return subprocess.Popen(
        [BOOKING_LAB, "check", file, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=uncounted(),
        # A test run in the background ignores Ctrl-C, and would hand that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def interrupted(done):
    done.send_signal(signal.SIGINT)
    printed, errors = done.communicate(timeout=60)
    assert "Interrupted; the rest was not checked." in printed, errors
    return done.returncode, printed


def test_ctrl_c_while_the_file_is_read_ends_with_a_line(written, tmp_path):
    written.book("A1", 0, 10)
    done = started(tmp_path / "pipe")
    with (tmp_path / "pipe").open("w") as end:
        end.write(written.file.read_text())
        end.flush()
        code, printed = interrupted(done)
    assert code == 3
    assert printed.endswith(
        "Verdict: unknown\n  the check was interrupted\n  nothing could be checked\n"
    )


def test_ctrl_c_prints_what_was_found_until_then(written, tmp_path):
    written.book("A1", 0, 10)
    written.book("A1", 5, 15)
    # Nothing explains that C1 was refused; half a million sets of unknown bookings could be why.
    many = [f"B{number}" for number in range(19)]
    for seat in many:
        written.book(seat, 20, None)
    written.book([*many, "C1"], 30, 40, "refused")
    written.book("C1", 30, 40, "refused")
    done = started(tmp_path / "pipe", "--budget", str(10**9))
    (tmp_path / "pipe").write_text(written.file.read_text())
    # When the pipe is closed, the check has begun; the seat that was sold twice comes first.
    eventually(lambda: tmp_path / "pipe" not in open_files(done.pid))
    used = cpu_seconds(done.pid)
    eventually(lambda: cpu_seconds(done.pid) > used + 0.5)
    code, printed = interrupted(done)
    assert code == 4
    assert "SOLD TWICE" in printed


def open_files(pid):
    return {file.resolve() for file in Path(f"/proc/{pid}/fd").iterdir()}


def cpu_seconds(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().split()[13]) / os.sysconf("SC_CLK_TCK")
