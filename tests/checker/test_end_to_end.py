"""A lab that records, and the check of what it has recorded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from booking_lab.checker.history_checker import HistoryChecker
from booking_lab.checker.history_reader import HistoryReader
from booking_lab.checker.verdict import ProblemKind
from booking_lab.conformance.waiting import eventually
from booking_lab.core.verdict import Verdict
from booking_lab.crowd.client import Customer, run_crowd
from booking_lab.workloads import Workloads
from tests.service.crowds import Load, add_seats, switch
from tests.uncounted import running_uncounted
from tests.web.conftest import make_client

__all__ = ["make_client"]

BOOKING_LAB = Path(sys.executable).with_name("booking-lab")
WORKLOADS = Workloads()


class Recorded:
    """What crowds did under one strategy; of the lab's one file, that part."""

    def __init__(self, lab, whole, file):
        self._lab = lab
        self._whole = whole
        self._begin = whole.stat().st_size
        self.file = file

    def crowd(self, strategy):
        """Twenty customers, of whom two each want one of ten seats, and all want three of them."""
        switch(self._lab.url, strategy, think_time_ms=20)
        seats = [f"{row}{number}" for row in "AB" for number in range(1, 6)]
        run_crowd(self._lab.url, [[seat, *seats[:3]] for seat in seats * 2])
        self.cut()
        return self.judged()

    def cut(self):
        """Take what was recorded since, and all headers."""
        lines = self._whole.read_bytes()
        headers = [line for line in lines.splitlines(True) if line.startswith(b'{"type":"header"')]
        self.file.write_bytes(b"".join(headers) + lines[self._begin :])

    def judged(self):
        return HistoryChecker(HistoryReader(self.file, WORKLOADS).read(), WORKLOADS).run()

    def check(self, *arguments):
        return subprocess.run(
            [BOOKING_LAB, "check", self.file, *arguments], capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip


@pytest.fixture(scope="module")
def recording_lab(tmp_path_factory):
    """Two instances with two workers each, which record into one file."""
    file = tmp_path_factory.mktemp("history") / "history.jsonl"
    with running_uncounted(instances=2, workers=2, history=str(file), log_level="WARNING") as lab:
        yield lab, file


@pytest.fixture
def recorded(recording_lab, tmp_path):
    return Recorded(*recording_lab, tmp_path / "history.jsonl")


def test_a_run_without_protection_is_not_explained_and_names_both(recorded, recording_lab):
    report = recorded.crowd("none")

    assert report.verdict is Verdict.WRONG
    assert report.operations == 80
    assert report.workers == 4
    for problem in report.problems:
        assert problem.kind is ProblemKind.SOLD_TWICE
        assert problem.counterexample.all_needed
        first, second = problem.operations
        assert first.subject == second.subject
        assert {first.outcome, second.outcome} == {"confirmed"}
        assert first.customer != second.customer

    done = recorded.check("--data", str(recording_lab[0].data.path))
    assert done.returncode == 4
    assert "SOLD TWICE" in done.stdout
    assert "double booking: seats 1" in done.stdout


def test_a_run_under_protection_is_explained_and_the_database_agrees(recorded, recording_lab):
    report = recorded.crowd("pessimistic")
    assert report.verdict is Verdict.SAFE
    assert (report.checked, report.groups) == (80, 10)

    done = recorded.check("--database", recording_lab[0].database_url)
    assert done.returncode == 0, done.stdout
    assert "Database: compared 80 answers; it agrees." in done.stdout
    assert done.stdout.endswith("Verdict: safe\n")


def test_each_answer_that_is_changed_is_caught(recorded):
    recorded.crowd("pessimistic")
    lines = [json.loads(line) for line in recorded.file.read_text().splitlines()]
    other = {
        "confirmed": {"type": "fail", "outcome": "refused"},
        "refused": {"type": "ok", "outcome": "confirmed"},
    }
    changed = 0
    for number, line in enumerate(lines):
        if line.get("outcome") in other:
            lie = {**lines[number], **other[line["outcome"]]}
            told = [*lines[:number], lie, *lines[number + 1 :]]
            recorded.file.write_text("".join(json.dumps(one) + "\n" for one in told))
            assert recorded.judged().verdict is Verdict.WRONG, line
            changed += 1
    assert changed == 80


def test_a_worker_killed_under_load_leaves_answers_open_and_the_rest_explained(
    recorded, recording_lab
):
    lab, whole = recording_lab
    add_seats(lab.database_url)
    switch(lab.url, "pessimistic", think_time_ms=0)
    with Customer(lab.url) as client:
        worker = client.get("/health")["worker"]
    with Load(lab.url).running() as load:
        load.until(50)
        os.kill(int(worker.partition("/")[2]), signal.SIGKILL)
        # Its replacement begins with a header of its own.
        eventually(lambda: whole.read_bytes().count(b'{"type":"header"') == 5, within=30)
        load.until(100)

    recorded.cut()
    done = recorded.check("--data", str(lab.data.path))
    assert done.returncode == 0, done.stdout
    assert "it agrees" in done.stdout
    report = recorded.judged()
    assert report.workers == 5
    assert report.outcomes["unknown"] <= load.cut_off


def test_tickets_are_recorded_moved_and_cancelled(make_client, tmp_path):
    file = tmp_path / "history.jsonl"
    client = make_client(history=str(file))

    def book(quantity):
        body = {"kind": "tickets", "event_id": 1, "customer_id": "ann", "quantity": quantity}
        return client.post("/api/bookings", json=body | {"strategy": "pessimistic"}).json

    first = book(6)
    assert book(6)["code"] == "sold_out"
    client.patch(f"/api/bookings/{first['id']}", json={"quantity": 4})
    assert book(6)["status"] == "confirmed"
    client.delete(f"/api/bookings/{first['id']}")
    assert book(4)["status"] == "confirmed"

    history = HistoryReader(file, WORKLOADS).read()
    assert [one.action for one in history.operations] == [
        "book", "book", "move", "book", "cancel", "book",
    ]  # fmt: skip
    report = HistoryChecker(history, WORKLOADS).run()
    assert (report.problems, report.undecided) == ([], [])
    assert report.checked == 6


def test_slots_are_recorded_moved_and_cancelled(make_client, tmp_path):
    file = tmp_path / "history.jsonl"
    client = make_client(history=str(file))
    slot = {
        "kind": "slots", "tenant_id": 1, "branch_id": 1, "resource_id": 1, "service_id": 1,
        "products": [{"product_id": 1, "quantity": 2}], "strategy": "pessimistic",
    }  # fmt: skip

    def book(hour, customer):
        times = {"starts_at": f"2030-01-07T{hour:02}:00:00+01:00",
                 "ends_at": f"2030-01-07T{hour:02}:30:00.000001+01:00"}  # fmt: skip
        return client.post("/api/bookings", json=slot | times | {"customer_id": customer}).json

    first = book(9, "ann")
    assert book(9, "bob")["code"] == "overlaps"
    assert book(10, "bob")["code"] == "sold_out"  # two of three units are taken
    moved = client.patch(f"/api/bookings/{first['id']}", json={"resource_id": 2})
    assert moved.status_code == 200, moved.json
    assert book(9, "bob")["code"] == "sold_out"  # the time is free again, the units aren't
    client.delete(f"/api/bookings/{first['id']}")
    assert book(10, "bob")["status"] == "confirmed"

    history = HistoryReader(file, WORKLOADS).read()
    assert [one.action for one in history.operations] == [
        "book", "book", "book", "move", "book", "cancel", "book",
    ]  # fmt: skip
    report = HistoryChecker(history, WORKLOADS).run()
    assert (report.problems, report.undecided) == ([], [])
    assert report.checked == 7
