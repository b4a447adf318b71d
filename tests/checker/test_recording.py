"""What is recorded: by the observer alone, and by the service in this process."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from booking_lab.checker.history_reader import HistoryReader
from booking_lab.checker.operation import Effect
from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.strategy import Strategy
from booking_lab.errors import BookingLabError, NotFound, Unavailable
from booking_lab.observers.history import HistoryRecorder
from booking_lab.workloads import Workloads
from booking_lab.workloads.seats import SeatRequest
from tests.web.conftest import make_client

__all__ = ["make_client"]

WORKLOADS = Workloads()


class Some(Strategy):
    name = "some"

    def book(self, attempt):
        raise NotImplementedError


def booking(seat="A1"):
    return Booking(
        workload=WORKLOADS.get("seats"),
        request=SeatRequest(event_id=1, seats=(seat,), customer_id="c" * 300),
        strategy=Some(),
        options={},
        epoch=1,
        think_time=0,
        worker="1/1",
        trace_id="",
    )


def record(file, many):
    history = HistoryRecorder(file, f"1/{os.getpid()}")
    for _ in range(many):
        one = booking()
        with history.booking(one):
            one.outcome, one.booking_id = Outcome.CONFIRMED, 7
    history.close()


def read(file):
    return HistoryReader(Path(file), WORKLOADS).read()


def test_lines_of_threads_and_processes_are_never_torn(tmp_path):
    file = tmp_path / "history.jsonl"
    history = HistoryRecorder(file, "1/1")
    history.begin(None)
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=record, args=(file, 300)) for _ in range(2)]
    others += [threading.Thread(target=record, args=(file, 300)) for _ in range(4)]
    for one in others:
        one.start()
    for one in others:
        one.join(60)

    operations = read(file).operations
    assert len(operations) == 6 * 300
    assert {one.effect for one in operations} == {Effect.HAPPENED}


@pytest.mark.parametrize(
    ("outcome", "effect"),
    [
        (Outcome.CONFIRMED, Effect.HAPPENED),
        (Outcome.REFUSED, Effect.REFUSED),
        (Outcome.CONFLICT, Effect.NONE),
        (Outcome.TIMEOUT, Effect.NONE),
        (Outcome.ERROR, Effect.NONE),
        (Outcome.UNKNOWN, Effect.POSSIBLE),
    ],
)
def test_each_outcome_has_its_effect(tmp_path, outcome, effect):
    history = HistoryRecorder(tmp_path / "h", "1/1")
    history.begin(None)
    one = booking()
    with history.booking(one):
        one.outcome = outcome
    [operation] = read(tmp_path / "h").operations
    assert operation.effect is effect
    assert operation.outcome == outcome
    assert operation.process == str(one.request.id)


@pytest.mark.parametrize(
    ("error", "effect"), [(NotFound, Effect.NONE), (SystemExit, Effect.POSSIBLE)]
)
def test_a_booking_that_ends_without_an_outcome(tmp_path, error, effect):
    history = HistoryRecorder(tmp_path / "h", "1/1")
    history.begin(None)
    with pytest.raises(error), history.booking(booking()):
        raise error
    assert read(tmp_path / "h").operations[0].effect is effect


def test_what_is_chosen_for_a_booking_is_recorded_with_its_answer(tmp_path):
    history = HistoryRecorder(tmp_path / "h", "1/1")
    history.begin(None)
    one = booking()
    asked = one.request
    one.request = SeatRequest(event_id=1, best=1, customer_id="c", id=asked.id)
    with history.booking(one):
        one.request, one.outcome = asked, Outcome.CONFIRMED
    [operation] = read(tmp_path / "h").operations
    assert operation.subject == "A1"


def test_a_booking_that_cannot_be_recorded_is_not_made():
    history = HistoryRecorder("/dev/full", "1/1")
    with (
        pytest.raises(Unavailable, match=r"/dev/full can't be written: No space left.*Nothing"),
        history.booking(booking()),
    ):
        pytest.fail("it was made")


@contextmanager
def no_file_larger_than(size):
    """As on a disk that is full: a write beyond it is cut off, and the next one fails."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def confirmed(history):
    one = booking()
    with history.booking(one):
        one.outcome, one.booking_id = Outcome.CONFIRMED, 7
    return str(one.request.id)


@pytest.mark.parametrize("room", [1, 3, 8, 9, 30, 200, 400])
@pytest.mark.parametrize("same", [True, False])
def test_a_line_that_breaks_off_spoils_no_other(tmp_path, room, same):
    file = tmp_path / "h"
    history, other = HistoryRecorder(file, "1/1"), HistoryRecorder(file, "1/2")
    history.begin(None)
    other.begin(None)
    first = confirmed(history)
    with no_file_larger_than(file.stat().st_size + room):
        for one in (history, other):
            with pytest.raises(Unavailable, match="Nothing was done"), one.booking(booking()):
                pytest.fail("it was made")
    later = [confirmed(one) for one in ((history, other) if same else (other, history))]
    recorded = read(file)
    assert recorded.truncated
    assert [one.process for one in recorded.operations] == [first, *later]
    assert {one.effect for one in recorded.operations} == {Effect.HAPPENED}


def test_an_answer_that_breaks_off_leaves_the_operation_unknown(tmp_path):
    file = tmp_path / "h"
    history = HistoryRecorder(file, "1/1")
    history.begin(None)
    with history.booking(booking()):
        limit = no_file_larger_than(file.stat().st_size + 40)
        limit.__enter__()
    limit.__exit__(None, None, None)
    later = confirmed(history)
    recorded = read(file)
    assert [one.effect for one in recorded.operations] == [Effect.POSSIBLE, Effect.HAPPENED]
    assert recorded.operations[1].process == later


def test_a_worker_that_begins_on_a_full_disk_says_who_it_is_later(tmp_path):
    file = tmp_path / "h"
    history = HistoryRecorder(file, "1/1")
    with no_file_larger_than(20):
        history.begin(None)
        with pytest.raises(Unavailable), history.booking(booking()):
            pytest.fail("it was made")
    confirmed(history)
    assert [one.effect for one in read(file).operations] == [Effect.HAPPENED]
    assert len(read(file).headers) == 1


def test_a_worker_that_was_killed_as_it_wrote_leaves_a_line_that_others_go_on_behind(tmp_path):
    file = tmp_path / "h"
    history = HistoryRecorder(file, "1/1")
    history.begin(None)
    confirmed(history)
    whole = file.read_bytes()
    for cut in range(1, len(whole.splitlines()[1])):
        file.write_bytes(whole + whole.splitlines()[1][:cut])
        later = confirmed(history)
        assert [one.process for one in read(file).operations][1:] == [later], cut


def test_a_history_is_its_owners_alone(tmp_path):
    HistoryRecorder(tmp_path / "h", "1/1").close()
    assert (tmp_path / "h").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("file", ["/nowhere/history.jsonl", "/"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_starts(file):
    with pytest.raises(BookingLabError, match=r"can't be written: .*BOOKING_LAB_HISTORY"):
        HistoryRecorder(file, "1/1")


def test_the_service_records_bookings_and_resets(make_client, tmp_path):
    file = tmp_path / "history.jsonl"
    client = make_client(history=str(file))
    client.post("/admin/reset?event_id=1")
    client.post("/book", json={"event_id": 1, "seat_number": "A1", "customer_id": "ann"})
    client.post("/book", json={"event_id": 1, "seat_number": "A1", "customer_id": "bob"})
    client.post("/book", json={"event_id": 1, "seat_number": "Z9", "customer_id": "bob"})
    client.post("/admin/reset?event_id=77")

    history = read(file)
    assert [(one.action, one.effect, one.outcome) for one in history.operations] == [
        ("reset", Effect.HAPPENED, ""),
        ("book", Effect.HAPPENED, "confirmed"),
        ("book", Effect.REFUSED, "refused"),
        ("book", Effect.NONE, "not_found"),
        ("reset", Effect.NONE, ""),
    ]
    reset, first, second = history.operations[:3]
    assert reset.available == {"1": 100}
    assert reset.invoked < reset.returned < first.invoked < first.returned < second.invoked
    assert first.database == history.headers[0].database != ""
    assert history.headers[0].fresh["seats"]["1"] == {"1": 100}
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len({line["worker"] for line in lines}) == 1


def test_a_lab_that_has_bookings_already_does_not_call_itself_fresh(make_client, tmp_path):
    client = make_client(history=str(tmp_path / "one"))
    client.post("/book", json={"event_id": 1, "seat_number": "A1", "customer_id": "ann"})
    make_client(history=str(tmp_path / "two"))
    assert "1" in read(tmp_path / "one").headers[0].fresh["seats"]
    assert "1" not in read(tmp_path / "two").headers[0].fresh["seats"]


def test_without_the_setting_nothing_is_recorded(make_client):
    assert make_client().application.extensions["lab"].history is None
